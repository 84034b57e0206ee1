//! Lines of TREC files: what is read, what is refused, and that what is written reads back.

use proptest::prelude::*;

use super::super::trec::*;

#[test]
fn a_run_and_judgements() {
    let run = "\u{feff}# a comment\n1 Q0 d1 0 2.5 tag\n\n  1\tQ0\td2  1 -1e-3 tag\r\n2 Q0 \u{e9}\u{a0}x 1 3 tag";
    let lines: Vec<_> = run_lines(run).map(Result::unwrap).collect();
    assert_eq!(lines[0], RunLine { topic: "1", docno: "d1", rank: 0, score: 2.5, tag: "tag" });
    assert_eq!((lines[1].docno, lines[1].score, lines[2].docno), ("d2", -1e-3, "\u{e9}\u{a0}x"));
    assert_eq!(lines.len(), 3);
    let qrels: Vec<_> = judgements("q1 0 a 2\nq1 0 b -1\n").map(Result::unwrap).collect();
    assert_eq!(qrels[1], Judgement { topic: "q1", docno: "b", grade: -1 });
}

#[test]
fn what_is_refused() {
    for (line, problem) in [
        ("1 Q0 d1 0 2.5", "It has 5 fields instead of 6."),
        ("1 Q0 d1 with space 0 2.5 tag", "It has 8 fields instead of 6."),
        ("1 Q0 d1 first 2.5 tag", "The rank is not a whole number: \"first\"."),
        ("1 Q0 d1 1 high tag", "The score is not a finite number: \"high\"."),
        ("1 Q0 d1 1 NaN tag", "The score is not a finite number: \"NaN\"."),
        ("1 Q0 d1 1 1e999 tag", "The score is not a finite number: \"1e999\"."),
    ] {
        let text = format!("1 Q0 d0 0 9 tag\n\n{line}\n");
        let error = run_lines(&text).find_map(Result::err).unwrap();
        assert_eq!(error.message(), "line 3 of the TREC run is not valid");
        assert_eq!(
            (error.detail().as_deref(), error.hint()),
            (Some(problem), Some("A line is: topic Q0 docno rank score tag."))
        );
    }
    for (line, problem) in [
        ("query-id corpus-id score", "It has 3 fields instead of 4."),
        ("1 0 d1 1.0", "The grade is not a whole number of four bytes: \"1.0\"."),
        ("1 0 d1 3000000000", "The grade is not a whole number of four bytes: \"3000000000\"."),
    ] {
        let error = judgements(line).find_map(Result::err).unwrap();
        assert_eq!(error.message(), "line 1 of the TREC qrels is not valid");
        assert_eq!((error.detail().as_deref(), error.hint()), (Some(problem), Some("A line is: topic 0 docno grade.")));
    }
    let good = RunLine { topic: "1", docno: "d", rank: 1, score: 0.1, tag: "t" };
    for (line, message) in [
        (RunLine { docno: "a b", ..good }, "a TREC file cannot hold this docno"),
        (RunLine { topic: "#1", ..good }, "a TREC file cannot hold this topic"),
        (RunLine { tag: "", ..good }, "a TREC file cannot hold this tag"),
        (RunLine { score: f64::NAN, ..good }, "a TREC file cannot hold this score"),
    ] {
        assert_eq!(format_run_line(&line).unwrap_err().message(), message);
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        topic in "[^\\s]{1,4}", docno in "[^\\s]{1,6}", rank: i64, bits: u64, tag in "[^\\s]{1,4}", grade: i32,
    ) {
        let score = Some(f64::from_bits(bits)).filter(|score| score.is_finite()).unwrap_or(0.1);
        let line = RunLine { topic: &topic, docno: &docno, rank, score, tag: &tag };
        if let Ok(text) = format_run_line(&line) {
            prop_assert_eq!(run_line(&text, 1), Ok(Some(line)));
            prop_assert_eq!(run_lines(&text).count(), 1);
        }
        let line = Judgement { topic: &topic, docno: &docno, grade };
        if let Ok(text) = format_judgement(&line) {
            prop_assert_eq!(judgement(&text, 1), Ok(Some(line)));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}") {
        run_lines(&text).for_each(drop);
        judgements(&text).for_each(drop);
    }
}
