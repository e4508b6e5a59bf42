using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace SparseEngine.Distributed.Watch;

/// <summary>Where a rank's watch listens.</summary>
/// <param name="Port">The TCP port.</param>
/// <param name="Addresses">The host's addresses that others can reach; none where it listens to its own host only.</param>
/// <param name="LifeSign">The name of its <see cref="Watch.LifeSign"/>; empty where it has none.</param>
internal sealed record WatchAddress(int Port, ImmutableArray<IPAddress> Addresses, string LifeSign = "")
{
    /// <summary>The addresses of this machine that another can use, those of IPv4 first.</summary>
    public static ImmutableArray<IPAddress> OfThisHost() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(device => device.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(device => device.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)
            .Where(address => address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
            .Distinct()
            .OrderBy(address => address.AddressFamily == AddressFamily.InterNetworkV6),
    ];

    /// <summary>Where to try, in this order.</summary>
    /// <param name="isOfThisHost">Whether it is a rank of the host that asks.</param>
    public IEnumerable<IPEndPoint> EndPoints(bool isOfThisHost) =>
        (isOfThisHost ? Addresses.Insert(0, IPAddress.Loopback) : Addresses).Select(address => new IPEndPoint(address, Port));

    /// <summary>All of it as text.</summary>
    public byte[] Encode() => Encoding.UTF8.GetBytes(
        string.Join(' ', [Port.ToString(CultureInfo.InvariantCulture), LifeSign, .. Addresses.Select(address => $"{address}")]));

    /// <summary>Reads what <see cref="Encode"/> made.</summary>
    public static WatchAddress Decode(ReadOnlySpan<byte> bytes)
    {
        string[] words = Encoding.UTF8.GetString(bytes).Split(' ');
        return new WatchAddress(int.Parse(words[0], CultureInfo.InvariantCulture), [.. words.Skip(2).Select(IPAddress.Parse)], words[1]);
    }
}
