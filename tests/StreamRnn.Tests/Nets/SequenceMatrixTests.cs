using StreamRnn.Nets;
using Xunit;

namespace StreamRnn.Tests.Nets;

public sealed class SequenceMatrixTests
{
    [Fact]
    public void TheFirstRowIsGivenAndEveryLaterRowIsATarget()
    {
        var matrix = SequenceMatrix.FromRows([[1, 10], [2, 20], [3, 30], [4, 40]]);
        var sequence = matrix.ToSequence(Normaliser.None(2));
        Assert.Equal([1, 10, 2, 20, 3, 30], sequence.Inputs);
        Assert.Equal([2, 20, 3, 30, 4, 40], sequence.Targets);
        Assert.Equal([1, 1, 1], sequence.Weights);
    }

    [Theory]
    [InlineData("a,b\n1,2\n3,4\n")]
    [InlineData("a;b\r\n1;2\r\n3;4")]
    [InlineData("\"a\"\tb\n1\t2\n3\t4e0\n")]
    public void TextIsReadWithAnyOfThreeSeparators(string text)
    {
        var matrix = SequenceMatrix.Read(new StringReader(text));
        Assert.Equal(["a", "b"], matrix.Columns.AsEnumerable());
        Assert.Equal([1, 2, 3, 4], matrix.Values.ToArray());
    }

    [Fact]
    public void AMatrixWithoutNamesCountsItsColumns() => Assert.Equal(["1", "2", "3"], SequenceMatrix.Read(new StringReader("1,2,3\n4,5,6")).Columns.AsEnumerable());

    [Fact]
    public void ARowOfAnotherLengthIsRefusedWithItsNumberItsLengthAndTheExpectedOne()
    {
        var message = Assert.Throws<DataException>(() => SequenceMatrix.FromRows([[1, 2], [3, 4], [5, 6, 7]], name: "pump.csv")).Message;
        Assert.Equal("pump.csv: row 3 has 3 values; 2 were expected, as in the rows before", message);
        message = Assert.Throws<DataException>(() => SequenceMatrix.Read(new StringReader("a,b\n1,2\n3\n4,5"), "pump.csv")).Message;
        Assert.Equal("pump.csv: line 3 has 1 values; 2 were expected, as in the lines before", message);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e99")]
    [InlineData("")]
    [InlineData("warm")]
    public void AValueThatIsNoNumberIsRefusedWithItsRowAndColumn(string cell)
    {
        var message = Assert.Throws<DataException>(() => SequenceMatrix.Read(new StringReader($"flow,heat\n1,2\n3,{cell}\n"), "pump.csv")).Message;
        Assert.Contains("row 2", message, StringComparison.Ordinal);
        Assert.Contains("'heat'", message, StringComparison.Ordinal);
        Assert.Contains($"'{cell}'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void NoRowsAndOneRowAreRefused()
    {
        Assert.Contains("no rows", Assert.Throws<DataException>(() => SequenceMatrix.FromRows([])).Message, StringComparison.Ordinal);
        Assert.Contains("no rows", Assert.Throws<DataException>(() => SequenceMatrix.Read(new StringReader(""))).Message, StringComparison.Ordinal);
        Assert.Contains("at least 2", Assert.Throws<DataException>(() => SequenceMatrix.FromRows([[1]]).ToSequence(Normaliser.None(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANormaliserBringsColumnsToZeroMeanAndUnitSpreadAndBack()
    {
        var seeded = new Seeded(1);
        var rows = Enumerable.Range(0, 500).Select(_ => (IReadOnlyList<float>)[(float)(1e6 + seeded.NextNormal()), (float)(0.001 * seeded.NextNormal()), 7f]).ToList();
        var matrix = SequenceMatrix.FromRows(rows);
        var normaliser = Normaliser.Fit([matrix]);
        var z = new float[matrix.Values.Length];
        normaliser.Apply(matrix.Values, z);
        for (var c = 0; c < 2; c++)
        {
            var column = Enumerable.Range(0, 500).Select(r => (double)z[(r * 3) + c]).ToList();
            Assert.InRange(column.Average(), -1e-6, 1e-6);
            Assert.InRange(column.Average(v => v * v), 0.999, 1.001);
        }

        Assert.Equal(1, normaliser.Scale[2]);                   // a column that never changes is not blown up
        Assert.InRange(z[2], -1e-6f, 1e-6f);
        Assert.Equal(matrix[3][0], normaliser.Invert(0, normaliser.Apply(0, matrix[3][0])), 6);
    }

    [Fact]
    public void MatricesOfDifferentColumnsDoNotShareANormaliser()
    {
        SequenceMatrix[] two = [SequenceMatrix.FromRows([[1, 2]], ["a", "b"], "x.csv"), SequenceMatrix.FromRows([[1, 2]], ["a", "c"], "y.csv")];
        var message = Assert.Throws<DataException>(() => Normaliser.Fit(two)).Message;
        Assert.Contains("y.csv has the columns a, c", message, StringComparison.Ordinal);
    }
}
