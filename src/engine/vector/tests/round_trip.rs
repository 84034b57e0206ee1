//! Every vector comes back bit for bit through each of its forms.

use proptest::prelude::*;

use super::super::{binary, dense, json, text};
use super::{any_vector, vector};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn through_text(v in any_vector(60)) {
        let literal = text::format(v.as_ref(), &mut || {}).unwrap();
        prop_assert_eq!(text::parse(literal.as_bytes(), &mut || {}).unwrap(), v);
    }

    #[test]
    fn through_binary(v in any_vector(60)) {
        let bytes = binary::format(v.as_ref()).unwrap();
        prop_assert_eq!(binary::parse(&bytes).unwrap(), v);
    }

    #[test]
    fn through_json_but_for_the_dimension(v in any_vector(60)) {
        let parsed = json::parse(json::format(v.as_ref(), &mut || {}).unwrap().as_bytes(), &mut || {}).unwrap();
        prop_assert_eq!(parsed.as_ref().indices(), v.as_ref().indices());
        prop_assert_eq!(parsed.as_ref().weights(), v.as_ref().weights());
        prop_assert_eq!(parsed.as_ref().dim(), 0);
    }

    #[test]
    fn through_a_dense_list(v in any_vector(60)) {
        match dense::to_dense(v.as_ref()) {
            Ok(list) => prop_assert_eq!(dense::from_dense(list.into_iter().map(Some), &mut || {}).unwrap(), v),
            Err(_) => prop_assert_eq!(v.as_ref().dim(), 0),
        }
    }

    #[test]
    fn pairs_in_any_order_make_the_same_vector(v in any_vector(60).prop_flat_map(|v| {
        let pairs: Vec<_> = v.as_ref().iter().collect();
        (Just(v), Just(pairs).prop_shuffle())
    })) {
        let (v, pairs) = v;
        let body: Vec<_> = pairs.iter().map(|(index, weight)| format!(" {} : {weight:e} ", index + 1)).collect();
        let dim = if v.as_ref().dim() == 0 { String::new() } else { format!(" / {} ", v.as_ref().dim()) };
        let literal = format!("\t{{{}}}{dim}", body.join(","));
        prop_assert_eq!(text::parse(literal.as_bytes(), &mut || {}).unwrap(), v);
    }
}

#[test]
fn literal_forms() {
    for (literal, printed) in [
        ("{}", "{}"),
        ("{}/5", "{}/5"),
        (" { 3 : 1 , 1 : 2. } / 3 ", "{1:2,3:1}/3"),
        ("\x0b{1:.5}\x0c\r\n", "{1:0.5}"),
        ("{+1:+1e3}/+1", "{1:1000}/1"),
        // Zeros go first, whatever their index.
        ("{99:0,1:1}/3", "{1:1}/3"),
        ("{0:0,-5:-0.0,1:0,1:2}/3", "{1:2}/3"),
        ("{2147483647:1}", "{2147483647:1}"),
        ("{2147483647:1}/2147483647", "{2147483647:1}/2147483647"),
        ("{1:1e-45,2:-3.4028235e38}", "{1:1e-45,2:-3.4028235e+38}"),
    ] {
        assert_eq!(text::format(vector(literal).as_ref(), &mut || {}).unwrap(), printed, "{literal:?}");
    }
}
