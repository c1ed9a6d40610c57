namespace StreamRnn.Host.Evaluation;

/// <summary>Lets detectors judge corpora, on all processors.</summary>
/// <param name="carried">NAB's thresholds for streamrnn, chosen elsewhere; null: the best on each corpus itself.</param>
internal sealed class CorpusEvaluation(IReadOnlyList<Corpus> corpora, IReadOnlyList<IJudge> judges, IReadOnlyDictionary<string, double>? carried = null)
{
    private readonly long _all = corpora.Sum(c => judges.Count(judge => Judges(judge, c)) * c.Series.Sum(s => (long)s.Rows));
    private long _done;

    /// <summary>0..1, may be read while it runs.</summary>
    public double Done => Interlocked.Read(ref _done) / (double)Math.Max(1, _all);

    public List<CorpusFigures> Figures { get; } = [];

    public List<(string Corpus, IReadOnlyList<SeriesSkill> Series)> Skills { get; } = [];

    /// <param name="judged">Told of each series as it is done, from any thread.</param>
    /// <param name="finished">Told of each corpus and detector.</param>
    public void Run(Action<Corpus, IJudge, LabelledSeries, Judgement> judged, Action<Corpus, IJudge, IReadOnlyList<Judgement>> finished, CancellationToken cancel)
    {
        foreach (var corpus in corpora)
            foreach (var judge in judges.Where(judge => Judges(judge, corpus)))
            {
                var judgements = new Judgement[corpus.Series.Count];
                Parallel.ForEach(Enumerable.Range(0, corpus.Series.Count), new ParallelOptions { CancellationToken = cancel }, n =>
                {
                    judgements[n] = judge.Judge(corpus.Series[n], cancel);
                    Interlocked.Add(ref _done, corpus.Series[n].Rows);
                    judged(corpus, judge, corpus.Series[n], judgements[n]);
                });
                if (judgements.Any(j => j.Skill.Count > 0))
                    Skills.Add((corpus.Name, [.. judgements.SelectMany(j => j.Skill)]));
                if (corpus.HasLabels)
                    Figures.Add(CorpusFigures.Of(corpus, judge.Name, judgements, judge.Name == ProductJudge.ProductName ? carried : null));
                finished(corpus, judge, judgements);
            }
    }

    /// <summary>Where there are no labels there is nothing to judge but forecasts.</summary>
    private static bool Judges(IJudge judge, Corpus corpus) => corpus.HasLabels || judge is ProductJudge { TellsForecasts: true };
}
