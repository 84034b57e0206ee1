//! What names are read, what they are written as, and what is said of others.

use proptest::prelude::*;

use super::super::Metric;

#[test]
fn names_and_aliases() {
    for (given, written) in [
        ("nDCG@10", "nDCG@10"),
        (" ndcg @ 10 ", "nDCG@10"),
        ("ndcg_cut_10", "nDCG@10"),
        ("NDCG(gains=exp)@10", "nDCG(gains=exp)@10"),
        ("nDCG(dcg='exp-log2')@10", "nDCG(gains=exp)@10"),
        ("nDCG(dcg=\"log2\")", "nDCG"),
        ("ndcg_exp@10", "nDCG(gains=exp)@10"),
        ("ndcg_burges@10", "nDCG(gains=exp)@10"),
        ("MRR", "RR"),
        ("recip_rank", "RR"),
        ("MRR( rel = 2 , judged_only = TRUE )@10", "RR(rel=2,judged_only=True)@10"),
        ("map", "AP"),
        ("map_cut_100", "AP@100"),
        ("P_5", "P@5"),
        ("Precision@5", "P@5"),
        ("P", "SetP"),
        ("SetP(rel=1)", "SetP"),
        ("recall_1000", "R@1000"),
        ("Recall@100", "R@100"),
        ("r_precision", "Rprec"),
        ("Rprec(rel=2)", "Rprec(rel=2)"),
        ("BPREF", "Bpref"),
        ("RBP", "RBP"),
        ("rbp(p=.8)", "RBP"),
        ("RBP(p=0.95,rel=0)@20", "RBP(p=0.95,rel=0)@20"),
        ("hit_rate@5", "Success@5"),
        ("success_5", "Success@5"),
        ("Hits@3", "hits@3"),
        ("judged@10", "Judged@10"),
        ("F1@10", "F1@10"),
        ("SetF", "SetF"),
        ("P()@3", "P@3"),
    ] {
        let metric = Metric::parse(given).unwrap();
        assert_eq!(metric.name(), written, "{given}");
        assert_eq!(Metric::parse(written), Ok(metric));
    }
}

#[test]
fn what_is_refused() {
    for (given, problem) in [
        ("nDCG@0", "The cutoff is a whole number from 1, not 0."),
        ("nDCG@", "The cutoff is a whole number from 1, not ."),
        ("nDCG@+5", "The cutoff is a whole number from 1, not +5."),
        ("P@4294967296", "The cutoff is a whole number from 1, not 4294967296."),
        ("P_5@10", "It has two cutoffs."),
        ("SetP@10", "It has no cutoff."),
        ("Bpref@10", "It has no cutoff."),
        ("Rprec@10", "It has no cutoff."),
        ("P(rel=2@10", "A closing parenthesis is missing."),
        ("P(2)@10", "A parameter is written name=value."),
        ("P(rel=-1)@10", "rel is a whole number from 0, not -1."),
        ("P(rel=2,rel=3)@10", "Parameter rel is given twice."),
        ("nDCG(rel=2)@10", "It has no parameter rel."),
        ("Judged(rel=2)@10", "It has no parameter rel."),
        ("Bpref(judged_only=true)", "It has no parameter judged_only."),
        ("nDCG(gains={1:3})", "gains is linear or exp, not {1:3}."),
        ("RBP(p=1)", "p lies between 0 and 1, and is not 1."),
        ("RBP(p=nan)", "p lies between 0 and 1, and is not nan."),
        ("RR(judged_only=1)", "judged_only is true or false, not 1."),
    ] {
        let error = Metric::parse(given).unwrap_err();
        assert_eq!(error.message(), format!("evaluate metric \"{given}\" is not valid"));
        assert_eq!(error.detail().as_deref(), Some(problem), "{given}");
    }
    for given in ["", "@", "DCG@10", "P_x", "nd\u{e9}cg", "ndcg_cut_", "(", "hits_5"] {
        let error = Metric::parse(given).unwrap_err();
        assert!(error.hint().is_some() && error.message().is_ascii(), "{given}: {error:?}");
    }
    assert_eq!(Metric::parse("DCG@10").unwrap_err().message(), "evaluate metric \"DCG@10\" is not known");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[nNdDcCgG@P_0-9(=,)rel.' p\u{e9}]{0,16}") {
        if let Ok(metric) = Metric::parse(&text) {
            prop_assert_eq!(Metric::parse(&metric.name()), Ok(metric));
        }
    }
}
