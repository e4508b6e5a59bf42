namespace SparseEngine.Cli.Templates;

/// <summary>How a template is laid out.</summary>
internal enum TemplateLayout
{
    /// <summary>Sections one below the other, as in Model Zoo 1.8.</summary>
    Sections,

    /// <summary>Under trainer, as in Model Zoo 2.x.</summary>
    Trainer,
}
