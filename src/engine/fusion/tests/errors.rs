//! What is refused, and what the user is told.

use super::*;

fn told<T>(result: Result<T, FusionError>) -> [String; 3] {
    let Err(error) = result else { panic!("not refused") };
    assert!(error.message().starts_with("fuse"), "{}", error.message());
    [error.message(), error.detail().unwrap_or_default(), error.hint().unwrap_or_default()]
}

fn refused(method: &str, given: Given<'_>) -> [String; 3] {
    told(Settings::new(method, 2, given))
}

const NONE: Given<'_> =
    Given { weights: None, k: None, normaliser: None, missing: None, on_equal: None, options: None };

#[test]
fn names() {
    let [message, _, hint] = refused("rff", NONE);
    assert_eq!(message, "fuse method \"rff\" is not known");
    assert!(hint.starts_with("Write rrf, rrf_qdrant, srrf, comb_min") && hint.ends_with("slide or map."), "{hint}");
    let [message, _, hint] = refused("comb_sum", Given { normaliser: Some("minimax"), ..NONE });
    assert_eq!(message, "fuse normaliser \"minimax\" is not known");
    assert!(hint.starts_with("Write none, min_max"), "{hint}");
    let [message, _, hint] = refused("comb_sum", Given { missing: Some("rank_after"), ..NONE });
    assert_eq!(
        (message.as_str(), hint.as_str()),
        ("fuse missing \"rank_after\" is not known", "Write skip, zero or min.")
    );
    let [message, _, hint] = refused("comb_sum", Given { on_equal: Some("2"), ..NONE });
    assert_eq!(
        (message.as_str(), hint.as_str()),
        ("fuse on_equal \"2\" is not known", "Write zero, half, one or rank.")
    );
    for name in ["RRF", "Comb-MNZ", " isr ", "w_condorcet", "LOGN-ISR", "relativeScoreFusion"] {
        Settings::new(name, 2, NONE).unwrap();
    }
}

#[test]
fn what_does_nothing() {
    let [message, _, hint] = refused("rrf", Given { normaliser: Some("min_max"), ..NONE });
    assert_eq!(message, "fuse normaliser does nothing with rrf");
    assert_eq!(hint, "This method reads ranks only; leave the normaliser out.");
    assert_eq!(refused("isr", Given { k: Some(3.0), ..NONE })[0], "fuse k does nothing with isr");
    assert_eq!(
        refused("max", Given { weights: Some(&[1.0, 1.0]), ..NONE })[0],
        "fuse weights does nothing with comb_max"
    );
    assert_eq!(
        refused("rrf", Given { on_equal: Some("one"), ..NONE })[0],
        "fuse on_equal does nothing with a method of ranks"
    );
    let l2 = Given { on_equal: Some("one"), normaliser: Some("l2"), ..NONE };
    assert_eq!(refused("comb_sum", l2)[0], "fuse on_equal does nothing with this normaliser");
    assert_eq!(
        refused("condorcet", Given { missing: Some("skip"), ..NONE })[0],
        "fuse missing does nothing with condorcet"
    );
    let both = Given { weights: Some(&[0.5, 0.5]), options: Some("{\"alpha\": 0.5}"), ..NONE };
    assert_eq!(refused("convex", both)[0], "fuse weights does nothing with alpha");
    Settings::new("rrf", 2, Given { normaliser: Some("none"), ..NONE }).unwrap();
}

#[test]
fn numbers() {
    let weights = |weights| refused("rrf", Given { weights: Some(weights), ..NONE });
    assert_eq!(weights(&[1.0])[0], "fuse needs as many weights as lists");
    assert_eq!(weights(&[1.0])[1], "There are 1 weights and 2 lists.");
    assert_eq!(
        weights(&[1.0, -0.5]).concat(),
        "fuse weight 2 is out of rangeThe value given is -0.5.Give finite weights that are not negative."
    );
    assert_eq!(weights(&[f64::INFINITY, 1.0])[1], "The value given is Infinity.");
    assert_eq!(weights(&[f64::NAN, 1.0])[1], "The value given is NaN.");
    let k = |method: &str, k| refused(method, Given { k: Some(k), ..NONE })[0].clone();
    assert_eq!(k("rrf", -1.0), "fuse k is out of range");
    assert_eq!(k("rrf", f64::NAN), "fuse k is out of range");
    assert_eq!(k("qdrant", 0.5), "fuse k is out of range");
    let zero = Given { k: Some(0.0), options: Some("{\"rank_base\": 0}"), ..NONE };
    assert_eq!(refused("rrf", zero)[0], "fuse k is out of range");
    Settings::new("rrf", 2, Given { k: Some(0.0), ..NONE }).unwrap();
}

#[test]
fn options() {
    let option = |method: &str, options| refused(method, Given { options: Some(options), ..NONE });
    assert_eq!(option("rrf", "[1]").concat(), "fuse options are invalidThey are not a JSON object.");
    assert_eq!(option("rrf", "{")[0], "fuse options are invalid");
    assert_eq!(
        option("rrf", "{\"phi\": 1}").concat(),
        "fuse option \"phi\" is not knownKnown here: variant, rank_base."
    );
    assert_eq!(option("isr", "{\"phi\": 1}")[2], "This method has no options.");
    assert_eq!(option("rbc", "{\"phi\": 2}")[0], "fuse option phi is out of range");
    assert_eq!(option("rbc", "{\"phi\": \"x\"}")[1], "The value given is \"x\".");
    assert_eq!(option("rrf", "{\"rank_base\": 2}")[0], "fuse option rank_base is out of range");
    assert_eq!(option("rrf", "{\"variant\": 2}")[1], "The value of \"variant\" is 2, not a string.");
    assert_eq!(option("tm2c2", "{\"lower\": [1]}")[1], "\"lower\" has 1 elements and there are 2 lists.");
    assert_eq!(option("convex", "{\"alpha\": 1.5}")[0], "fuse option alpha is out of range");
    let crossed = Given { normaliser: Some("bounded_min_max"), options: Some("{\"lower\": 1, \"upper\": 1}"), ..NONE };
    assert_eq!(refused("comb_sum", crossed)[0], "fuse option upper is out of range");
    Settings::new("rrf", 2, Given { options: Some("null"), ..NONE }).unwrap();
    Settings::new("rbc", 2, Given { options: Some("{\"phi\": null}"), ..NONE }).unwrap();
    Settings::new("team_draft", 2, Given { options: Some("{\"seed\": 7.0}"), ..NONE }).unwrap();
}

#[test]
fn models() {
    let model = |options| refused("pos", Given { options: Some(options), ..NONE })[1].clone();
    assert_eq!(model("{}"), "The method is a trained one and needs the option \"model\".");
    assert_eq!(model("{\"model\": 1}"), "It is not a JSON object.");
    assert_eq!(model("{\"model\": {\"method\": \"seg\"}}"), "It is one of method \"seg\".");
    assert_eq!(model("{\"model\": {\"method\": \"pos\"}}"), "It has no array \"lists\".");
    assert_eq!(model("{\"model\": {\"method\": \"pos\", \"lists\": [[]]}}"), "It is one of 1 lists and there are 2.");
    assert_eq!(model("{\"model\": {\"method\": \"pos\", \"lists\": [[], [\"x\"]]}}"), "Its lists are not of numbers.");
    let bayes = Given { options: Some("{\"model\": {\"method\": \"bayes\", \"lists\": [[1], [1]]}}"), ..NONE };
    assert_eq!(refused("bayes", bayes)[1], "A list has 1 numbers, which is wrong for this method.");
    assert_eq!(told(super::super::train("rrf", &[], None, &mut || {}))[0], "fuse training does nothing with rrf");
}

#[test]
fn lists() {
    let run = |method: &str, lists: &[List<'_>]| {
        let settings = Settings::new(method, lists.len(), NONE)?;
        fuse(lists, 3, &settings, None, &mut || ())
    };
    let plain = |items| List { items, scores: None };
    assert_eq!(told(run("rrf", &[plain(&[]); 33]))[1], "There are 33.");
    assert_eq!(told(run("rrf", &[plain(&[0, 1, 0])]))[1], "Position 3 of list 1 repeats an item of the same list.");
    assert_eq!(told(run("rrf", &[plain(&[]), plain(&[0, 3])]))[1], "Position 2 of list 2 is no item.");
    let needs = told(run("convex", &[plain(&[]), plain(&[0])]));
    assert_eq!(needs[..2], ["fuse needs scores for weighted_sum", "List 2 has none."]);
    let scored = |scores| List { items: &[0, 1], scores: Some(scores) };
    assert_eq!(told(run("sum", &[scored(&[1.0])]))[1], "List 1 has 2 items and 1 scores.");
    let infinite = told(run("sum", &[scored(&[1.0, 0.5]), scored(&[f64::INFINITY, 1.0])]));
    assert_eq!(infinite[1], "The score at position 1 of list 2 is not.");
    assert_eq!(told(run("sum", &[scored(&[1.0, f64::NAN])]))[0], "fuse scores must be finite");
    // Scores that nobody reads may be anything.
    run("rrf", &[scored(&[f64::INFINITY, 1.0])]).unwrap();
    let ranked = Given { normaliser: Some("rank"), ..NONE };
    let settings = Settings::new("sum", 1, ranked).unwrap();
    assert_eq!(fuse(&[plain(&[2, 0])], 3, &settings, None, &mut || ()).unwrap().score(0), 0.5);
    assert!(told(fuse(&[], 3, &settings, None, &mut || ()))[1].starts_with("There are 0"));
}

#[test]
fn nothing_is_fused_to_nothing() {
    for method in ["rrf", "convex", "borda", "condorcet", "interleave", "team_draft", "geometric_mean", "srrf"] {
        let settings = Settings::new(method, 0, NONE).unwrap();
        assert!(fuse(&[], 0, &settings, None, &mut || ()).unwrap().order().is_empty());
        let empty = Wish::of(method).run(&[Ranking::default(), Ranking::default()]);
        assert!(empty.order().is_empty());
        assert_eq!((empty.score(3), empty.rank(0, 3), empty.contribution(9, 99)), (0.0, None, None));
    }
}
