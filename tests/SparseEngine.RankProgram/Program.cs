using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SparseEngine.Distributed;
using SparseEngine.Distributed.Mpi;
using SparseEngine.RankProgram;

// Each rank checks all that it receives, says so in a line, and takes leave.
using Communicator ranks = Ranks.Join();
Exchanges.Check(ranks);
Reductions.Check(ranks);
long bytes = Reductions.BytesOfARound(ranks);
string line = string.Create(
    CultureInfo.InvariantCulture, $"rank {ranks.Rank} of {ranks.Size}: sums and blocks are right, {bytes} bytes allocated a round\n");

// Open MPI gives a program a terminal, and .NET's console writes a terminal's commands into one.
using SafeFileHandle handle = new(1, ownsHandle: false);
using FileStream output = new(handle, FileAccess.Write, bufferSize: 0);
output.Write(Encoding.UTF8.GetBytes(line));
