using SparseEngine.Kernels.RandomNumbers;
using SparseEngine.Kernels.Sparse;

namespace SparseEngine.Kernels.Devices;

/// <summary>Owns memory and runs operations on it. Models and training are written once against this class.</summary>
/// <remarks>
/// Every operation checks shapes and throws <see cref="ArgumentException"/> where they do not fit. Results are
/// bit-identical from run to run on one device, whatever the number of threads. A device is used by one thread at a time.
/// Matrices named x, y, dx, dy are activations [features, tokens]. "accumulate" adds to what the output holds;
/// without it the output's old contents, NaN included, do not matter.
/// </remarks>
public abstract class ComputeDevice : IDisposable
{
    /// <summary>What this device is, for people: "host, AVX2, 2 threads".</summary>
    public abstract string Description { get; }

    /// <summary>The number of cores that work is partitioned for.</summary>
    public abstract int Cores { get; }

    /// <summary>Whether operations are only queued when they return, so that reading a result waits for all that was asked for before.</summary>
    public abstract bool IsAsynchronous { get; }

    /// <summary>Tokens of a pass through a model above which more of them cost memory for activations and gain no speed.</summary>
    public virtual int PassTokens => int.MaxValue;

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    public abstract DeviceBuffer<T> Allocate<T>(int length)
        where T : unmanaged;

    /// <summary>Allocates a matrix of zeros for activations: rows aligned to 64 bytes.</summary>
    public abstract DeviceMatrix AllocateActivations(int features, int tokens);

    /// <summary>Makes a sum that starts at zero.</summary>
    public abstract DeviceSum AllocateSum();

    /// <summary>Chooses which elements of a weight stay: the ones with the highest scores, of equal scores those with the lowest indices.</summary>
    /// <remarks>
    /// A random score is the element's float32 draw, as numpy's default_rng makes them in row-major order; a magnitude is |w|. Elements that are
    /// not finite score below all others: minus their draw, which for magnitudes is drawn for these elements alone. -0 is below 0.
    /// </remarks>
    /// <param name="arguments">How they are chosen.</param>
    /// <param name="weight">The weight's elements, row-major.</param>
    /// <param name="keep">Receives 1 for an element that stays, else 0.</param>
    public abstract void SelectMask(in MaskArguments arguments, DeviceBuffer<float> weight, DeviceBuffer<byte> keep);

    /// <summary>Compresses the kept elements of a dense row-major matrix to sparse rows.</summary>
    /// <param name="dense">The matrix [rows, columns]. A kept element that is not finite becomes 0.</param>
    /// <param name="keep">1 for an element that is kept, else 0.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <returns>The pattern of the kept elements, and their values on the device.</returns>
    public abstract (CsrPattern Pattern, DeviceBuffer<float> Values) Compress(DeviceBuffer<float> dense, DeviceBuffer<byte> keep, int rows, int columns);

    /// <summary>Prepares a pattern for <see cref="Spmm"/>, <see cref="SpmmTransposed"/> and <see cref="Sddmm"/>.</summary>
    /// <param name="csr">The pattern.</param>
    /// <param name="rows">How the rows are shared out to the cores, for Spmm and Sddmm.</param>
    /// <param name="columns">How the columns are shared out to the cores, for SpmmTransposed.</param>
    public abstract SparsePattern Prepare(CsrPattern csr, RowPartition rows, RowPartition columns);

    /// <summary>Whether a product of a sparse weight [rows, columns] is computed as a dense one, zeros filled in, because that is faster or asked for.</summary>
    /// <param name="product">The product.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features.</param>
    /// <param name="nonZeros">The weight's non-zeros.</param>
    /// <param name="tokens">Columns of the activations.</param>
    public virtual bool ComputesDense(SparseProduct product, int rows, int columns, long nonZeros, int tokens) => false;

    /// <summary>Sparse times dense: y = W x, plus <paramref name="bias"/>[row] where one is given. W [out, in], x [in, tokens], y [out, tokens].</summary>
    public abstract void Spmm(in CsrMatrix weight, in DeviceMatrix x, in DeviceMatrix y, DeviceBuffer<float>? bias);

    /// <summary>Transposed sparse times dense: dx = W^T dy. W [out, in], dy [out, tokens], dx [in, tokens].</summary>
    public abstract void SpmmTransposed(in CsrMatrix weight, in DeviceMatrix dy, in DeviceMatrix dx, bool accumulate);

    /// <summary>Sampled dense-dense product: gradient[p] = sum over tokens of dy[row(p), t] x[column(p), t] for each non-zero p of the pattern.</summary>
    public abstract void Sddmm(SparsePattern pattern, in DeviceMatrix dy, in DeviceMatrix x, DeviceBuffer<float> gradient, bool accumulate);

    /// <summary>Dense product C = A B in the given layout.</summary>
    public abstract void Gemm(GemmLayout layout, in DeviceMatrix a, in DeviceMatrix b, in DeviceMatrix c, bool accumulate);

    /// <summary>y[f, t] += bias[f].</summary>
    public abstract void AddBias(in DeviceMatrix y, DeviceBuffer<float> bias);

    /// <summary>sums[f] = sum over tokens of dy[f, t]: the gradient of a bias.</summary>
    public abstract void RowSums(in DeviceMatrix dy, DeviceBuffer<float> sums, bool accumulate);

    /// <summary>y = x + y.</summary>
    public abstract void Add(in DeviceMatrix x, in DeviceMatrix y);

    /// <summary>y = f(x); y may be x.</summary>
    public abstract void ActivationForward(Activation activation, in DeviceMatrix x, in DeviceMatrix y);

    /// <summary>dx = dy f'(x), with x the input of the forward pass; dx may be dy.</summary>
    public abstract void ActivationBackward(Activation activation, in DeviceMatrix x, in DeviceMatrix dy, in DeviceMatrix dx);

    /// <summary>Layer normalization of each token over its features (Ba, Kiros and Hinton, 2016): y = weight (x - mean) / sqrt(variance + epsilon) + bias.</summary>
    /// <param name="x">Input [features, tokens].</param>
    /// <param name="weight">[features].</param>
    /// <param name="bias">[features].</param>
    /// <param name="epsilon">Added to the (biased) variance.</param>
    /// <param name="y">Output [features, tokens].</param>
    /// <param name="mean">Receives each token's mean [tokens], for the backward pass.</param>
    /// <param name="inverseDeviation">Receives each token's 1 / sqrt(variance + epsilon) [tokens].</param>
    public abstract void LayerNormForward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> bias, float epsilon, in DeviceMatrix y, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation);

    /// <summary>Gradients of <see cref="LayerNormForward"/>: weightGradient and biasGradient are added to; dx is written, or added to with <paramref name="accumulate"/>.</summary>
    public abstract void LayerNormBackward(
        in DeviceMatrix x, DeviceBuffer<float> weight, DeviceBuffer<float> mean, DeviceBuffer<float> inverseDeviation, in DeviceMatrix dy,
        in DeviceMatrix dx, bool accumulate, DeviceBuffer<float> weightGradient, DeviceBuffer<float> biasGradient);

    /// <summary>Causal self-attention, tile by tile: output = softmax(scale q^T k, over the keys not after the query) v. All [heads x headSize, tokens].</summary>
    /// <param name="arguments">Shape, scale and dropout.</param>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="output">Receives the attended values.</param>
    /// <param name="logSumExp">Receives log sum exp of each head's and token's scores [heads x tokens], for the backward pass.</param>
    public abstract void AttentionForward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp);

    /// <summary>Gradients of <see cref="AttentionForward"/>, recomputing the probabilities tile by tile (Dao et al., 2022). dq, dk, dv are written.</summary>
    public abstract void AttentionBackward(
        in AttentionArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix output, DeviceBuffer<float> logSumExp,
        in DeviceMatrix outputGradient, in DeviceMatrix dq, in DeviceMatrix dk, in DeviceMatrix dv);

    /// <summary>
    /// Causal self-attention of the next token of a sequence: keeps its key and value beside those of the tokens before it, and attends to them all:
    /// keys[:, position] = k, values[:, position] = v, output = softmax(scale q^T keys[:, 0..position]) values[:, 0..position].
    /// </summary>
    /// <param name="arguments">Shape, scale and the token's position.</param>
    /// <param name="q">The token's query [heads x headSize, 1].</param>
    /// <param name="k">Its key [heads x headSize, 1].</param>
    /// <param name="v">Its value [heads x headSize, 1].</param>
    /// <param name="keys">The keys that are kept [heads x headSize, capacity]. Columns after the token's may hold anything, before and afterwards.</param>
    /// <param name="values">The values that are kept [heads x headSize, capacity], likewise.</param>
    /// <param name="output">Receives the attended values [heads x headSize, 1].</param>
    public abstract void AttentionDecode(
        in AttentionDecodeArguments arguments, in DeviceMatrix q, in DeviceMatrix k, in DeviceMatrix v, in DeviceMatrix keys, in DeviceMatrix values, in DeviceMatrix output);

    /// <summary>x[:, t] = wordTable[ids[t], :], plus positionTable[t mod sequence, :] where there is one. Tables are [entries, features].</summary>
    public abstract void EmbeddingForward(
        DeviceBuffer<int> ids, in DeviceMatrix wordTable, DeviceMatrix? positionTable, int sequence, in DeviceMatrix x);

    /// <summary>Adds dx's columns to the rows of the tables' gradients, tokens in order.</summary>
    public abstract void EmbeddingBackward(
        DeviceBuffer<int> ids, in DeviceMatrix dx, int sequence, in DeviceMatrix wordGradient, DeviceMatrix? positionGradient);

    /// <summary>
    /// Softmax cross-entropy of each token: losses[t] = weights[t] (log sum exp logits[:, t] - logits[labels[t], t]);
    /// hits[t] = weights[t] where the label has the largest logit (the lowest index wins a tie), else 0. A token whose weight is 0 gives 0, whatever its label.
    /// </summary>
    /// <param name="logits">[vocabulary, tokens]. With <paramref name="gradientScale"/>, replaced by the gradient gradientScale weights[t] (softmax - onehot).</param>
    /// <param name="labels">[tokens].</param>
    /// <param name="weights">[tokens]: the loss mask.</param>
    /// <param name="losses">Receives [tokens].</param>
    /// <param name="hits">Receives [tokens].</param>
    /// <param name="gradientScale">The factor of the gradient; null leaves <paramref name="logits"/> as they are.</param>
    public abstract void SoftmaxCrossEntropy(
        in DeviceMatrix logits, DeviceBuffer<int> labels, DeviceBuffer<float> weights, DeviceBuffer<float> losses, DeviceBuffer<float> hits, float? gradientScale);

    /// <summary>Sets the places drawn from <paramref name="key"/> to zero and scales the others by 1/(1 - rate), in place. Its gradient is the same call on dy.</summary>
    public abstract void Dropout(in DeviceMatrix x, float rate, DropoutKey key);

    /// <summary>Adds all elements to <paramref name="sum"/>, in a fixed order.</summary>
    public abstract void AddSum(DeviceBuffer<float> values, DeviceSum sum);

    /// <summary>Adds the squares of all elements to <paramref name="sum"/>, in a fixed order: a parameter's part of the squared global norm.</summary>
    public abstract void AddSumOfSquares(DeviceBuffer<float> values, DeviceSum sum);

    /// <summary>Decides what the updates of a step multiply their gradients by: min(1, maximum / (norm + 1e-6)), or that they do not take place.</summary>
    /// <param name="arguments">The maximum, and whether a loss or norm that is not finite refuses this update and all later ones.</param>
    /// <param name="loss">The step's summed loss.</param>
    /// <param name="squaredNorm">The square of the global norm of the gradients.</param>
    /// <param name="scale">Receives the decision; one that refused stays as it is.</param>
    public abstract void ClipByGlobalNorm(in ClipArguments arguments, DeviceSum loss, DeviceSum squaredNorm, UpdateScale scale);

    /// <summary>One update of Adam or AdamW: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr (Correction m / (sqrt(v) + eps) + decay w).</summary>
    /// <remarks>g is the gradient times <paramref name="scale"/>. Where that refuses updates, nothing changes.</remarks>
    public abstract void AdamStep(
        in AdamArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float> firstMoment, DeviceBuffer<float> secondMoment);

    /// <summary>One update of stochastic gradient descent; <paramref name="velocity"/> is null where there is no momentum.</summary>
    /// <remarks>The gradient is multiplied by <paramref name="scale"/> first. Where that refuses updates, nothing changes.</remarks>
    public abstract void SgdStep(in SgdArguments arguments, UpdateScale scale, DeviceBuffer<float> weight, DeviceBuffer<float> gradient, DeviceBuffer<float>? velocity);

    /// <summary>Waits until all operations asked for are done.</summary>
    public virtual void Wait()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the device.</summary>
    protected abstract void Dispose(bool disposing);
}
