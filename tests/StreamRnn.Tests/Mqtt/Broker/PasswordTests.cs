using System.Net;
using Microsoft.Extensions.Time.Testing;
using StreamRnn.Host.Commands;
using StreamRnn.Mqtt;

namespace StreamRnn.Tests.Mqtt.Broker;

public sealed class PasswordTests
{
    [Fact]
    public void AHashIsOfItsPasswordOnly()
    {
        var text = PasswordHash.Of("correct horse", 1000);
        Assert.StartsWith("pbkdf2-sha512$1000$", text, StringComparison.Ordinal);
        Assert.NotEqual(text, PasswordHash.Of("correct horse", 1000));                      // salted
        Assert.True(PasswordHash.TryParse(text, out var hash));
        Assert.True(hash.IsOf("correct horse"));
        Assert.False(hash.IsOf("correct horsf"));
        Assert.False(hash.IsOf(""));
        Assert.False(PasswordHash.OfNobody().IsOf(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("hunter2")]
    [InlineData("pbkdf2-sha512$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("pbkdf2-sha512$210000$$")]
    [InlineData("pbkdf2-sha512$210000$AAAAAAAAAAAAAAAAAAAAAA==$AAAA")]
    [InlineData("pbkdf2-sha512$99999999999$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void WhatIsNoHashOrAWeakOneIsRefused(string text) => Assert.False(PasswordHash.TryParse(text, out _));

    [Fact]
    public void TheVerbPasswordWritesAHashOfWhatItReads()
    {
        using var output = new StringWriter();
        var code = PasswordCommand.Create(new StringReader("correct horse\n")).Parse([]).Invoke(new() { Output = output });
        Assert.Equal(0, code);
        Assert.True(PasswordHash.TryParse(output.ToString().Trim(), out var hash));
        Assert.True(hash.IsOf("correct horse"));
        Assert.DoesNotContain("horse", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WhoGuessesWaitsLongerAndLongerAndNobodyElseDoes()
    {
        var clock = new FakeTimeProvider();
        var wrong = new WrongPasswords(clock);
        var (guesser, other) = (IPAddress.Parse("203.0.113.5"), IPAddress.Parse("203.0.113.6"));
        for (var i = 0; i < WrongPasswords.Free; i++)
        {
            Assert.True(wrong.MayTry(guesser));
            wrong.Wrong(guesser);
        }

        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 64, 64 })
        {
            Assert.False(wrong.MayTry(guesser));
            Assert.True(wrong.MayTry(other));
            clock.Advance(TimeSpan.FromSeconds(seconds - 0.001));
            Assert.False(wrong.MayTry(guesser));
            clock.Advance(TimeSpan.FromSeconds(0.001));
            Assert.True(wrong.MayTry(guesser));
            wrong.Wrong(guesser);
        }

        wrong.Right(guesser);
        Assert.True(wrong.MayTry(guesser));
    }

    [Fact]
    public void AHouseholdIsOneAddress()
    {
        var clock = new FakeTimeProvider();
        var wrong = new WrongPasswords(clock);
        for (var i = 0; i < WrongPasswords.Free; i++)
            wrong.Wrong(IPAddress.Parse($"2001:db8:0:1::{i}"));
        Assert.False(wrong.MayTry(IPAddress.Parse("2001:db8:0:1:ffff::9")));
        Assert.True(wrong.MayTry(IPAddress.Parse("2001:db8:0:2::1")));
        Assert.Equal(WrongPasswords.KeyOf(IPAddress.Parse("1.2.3.4")), WrongPasswords.KeyOf(IPAddress.Parse("::ffff:1.2.3.4")));
    }

    [Fact]
    public void AnAttackFromEverywhereFillsNoMemoryAndIsSlowedDownAsOne()
    {
        var wrong = new WrongPasswords(new FakeTimeProvider());
        for (uint i = 1; i <= 10_000; i++)
            wrong.Wrong(new IPAddress(i));
        for (var i = 0; i < 10; i++)
            wrong.Wrong(IPAddress.Parse($"198.51.100.{i}"));
        Assert.False(wrong.MayTry(null));
    }
}
