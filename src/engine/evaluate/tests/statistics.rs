//! Intervals and comparisons against naive ones, against values of scipy, and by their meaning.

use proptest::prelude::*;

use super::super::statistics::*;
use super::super::{EvaluationError, student};
use crate::engine::random::Random;

fn quiet() -> impl FnMut() {
    || ()
}

fn some_values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![0.0f64..1.0, (0u8..=4).prop_map(|n| f64::from(n) / 4.0)];
    proptest::collection::vec(value, 0..12)
}

/// All ways to swap, one bit a topic, from the definition.
fn naive_randomisation(a: &[f64], b: &[f64]) -> f64 {
    let observed: f64 = a.iter().zip(b).map(|(a, b)| a - b).sum();
    let ways = 1u32 << a.len();
    let as_far = (0..ways).filter(|swaps| {
        let sum: f64 = (0..a.len()).map(|i| if swaps >> i & 1 == 1 { b[i] - a[i] } else { a[i] - b[i] }).sum();
        sum.abs() >= observed.abs() - 1e-12
    });
    as_far.count() as f64 / f64::from(ways)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn comparisons(a in some_values(), b in some_values(), seed: u64) {
        let n = a.len().min(b.len());
        let (a, b) = (&a[..n], &b[..n]);
        let result = compare(a, b, 0.9, 200, seed, &mut quiet()).unwrap();
        let back = compare(b, a, 0.9, 200, seed, &mut quiet()).unwrap();
        prop_assert!((result.p_randomisation - naive_randomisation(a, b)).abs() < 1e-12);
        prop_assert_eq!(result.p_randomisation, back.p_randomisation);
        prop_assert_eq!((result.wins, result.ties, result.losses), (back.losses, back.ties, back.wins));
        prop_assert_eq!(result.wins + result.ties + result.losses, n as u64);
        prop_assert_eq!(result.p_t, back.p_t);
        prop_assert!((result.difference - (result.mean_a - result.mean_b)).abs() < 1e-12);
        prop_assert!(result.low <= result.high && (result.low + back.high).abs() < 1e-12);
        prop_assert!((0.0..=1.0).contains(&result.p_randomisation));
        let all = [result.mean_a, result.mean_b, result.difference, result.low, result.high];
        prop_assert!(all.iter().chain(&result.t).chain(&result.p_t).all(|v| v.is_finite()));
    }

    #[test]
    fn intervals(values in some_values(), level in 0.01f64..0.99, seed: u64) {
        let result = bootstrap(&values, level, 300, seed, &mut quiet()).unwrap();
        prop_assert_eq!(result, bootstrap(&values, level, 300, seed, &mut quiet()).unwrap());
        let (least, most) = values.iter().fold((1.0f64, 0.0f64), |(l, m), &v| (l.min(v), m.max(v)));
        if !values.is_empty() {
            prop_assert!(least - 1e-12 <= result.low && result.low <= result.high && result.high <= most + 1e-12);
        }
        let wider = bootstrap(&values, level + 0.01, 300, seed, &mut quiet()).unwrap();
        prop_assert!(wider.low <= result.low && wider.high >= result.high);
    }

    #[test]
    fn any_numbers(a in proptest::collection::vec(-1e100f64..1e100, 0..40), seed: u64) {
        let b: Vec<f64> = a.iter().rev().map(|v| -v).collect();
        let result = compare(&a, &b, 0.95, 100, seed, &mut quiet()).unwrap();
        let all = [result.mean_a, result.mean_b, result.difference, result.low, result.high, result.p_randomisation];
        prop_assert!(all.iter().chain(&result.t).chain(&result.p_t).all(|v| v.is_finite()), "{:?}", result);
    }

    #[test]
    fn holm_is_a_step_down(p in proptest::collection::vec(0.0f64..1.0, 0..12)) {
        let corrected = holm(&p).unwrap();
        // From the definition: the greatest, over all that are no greater, of p times the number of those not smaller.
        for (i, got) in corrected.iter().enumerate() {
            let stepped = p.iter().filter(|q| **q <= p[i]);
            let times = |q: &f64| p.iter().filter(|r| *r >= q).count() as f64;
            let wanted = stepped.map(|q| (q * times(q)).min(1.0)).fold(0.0, f64::max);
            prop_assert!((got - wanted).abs() < 1e-12);
        }
    }
}

/// scipy 1.17.1: 2 stats.t.sf(t, nu).
#[test]
fn students_t() {
    for (t, nu, wanted) in T_VALUES {
        let got = student::two_sided(t, nu);
        assert!((got - wanted).abs() <= 1e-9 * wanted.max(1e-300), "t {t}, nu {nu}: {got:e} instead of {wanted:e}");
        assert_eq!(got, student::two_sided(-t, nu));
    }
    assert_eq!(
        [student::two_sided(0.0, 5), student::two_sided(1e300, 5), student::two_sided(1e-200, 1)],
        [1.0, 0.0, 1.0]
    );
}

#[test]
fn known_comparisons() {
    // scipy.stats.ttest_rel of these.
    let a = [0.31, 0.5, 0.77, 0.2, 0.91, 0.6];
    let b = [0.3, 0.42, 0.79, 0.11, 0.8, 0.52];
    let result = compare(&a, &b, 0.95, 1000, 7, &mut quiet()).unwrap();
    assert!((result.t.unwrap() - KNOWN_T).abs() < 1e-9 && (result.p_t.unwrap() - KNOWN_P).abs() < 1e-9, "{result:?}");
    assert!((result.p_randomisation - naive_randomisation(&a, &b)).abs() < 1e-12);
    assert_eq!((result.wins, result.ties, result.losses, result.n), (5, 0, 1, 6));

    let same = compare(&[0.5; 4], &[0.25; 4], 0.95, 100, 1, &mut quiet()).unwrap();
    assert_eq!((same.t, same.p_t, same.p_randomisation), (None, None, 0.125), "2 of 16 ways");
    assert_eq!((same.low, same.high), (0.25, 0.25));
    let equal = compare(&[0.5; 40], &[0.5; 40], 0.95, 100, 1, &mut quiet()).unwrap();
    assert_eq!((equal.t, equal.p_randomisation, equal.ties), (None, 1.0, 40));
    let nothing = compare(&[], &[], 0.95, 100, 1, &mut quiet()).unwrap();
    assert_eq!((nothing.n, nothing.difference, nothing.p_randomisation), (0, 0.0, 1.0));
    let one = bootstrap(&[0.3], 0.95, 100, 1, &mut quiet()).unwrap();
    assert_eq!(one, Interval { mean: 0.3, low: 0.3, high: 0.3, n: 1 });
}

/// Beyond 16 differences p is a sample's: near the exact one (here by the normal distribution), never 0.
#[test]
fn many_topics() {
    let a = vec![1.0; 40];
    let b = vec![0.0; 40];
    let sure = compare(&a, &b, 0.95, 9999, 3, &mut quiet()).unwrap();
    assert_eq!(sure.p_randomisation, 1e-4);
    let mut random = Random::new(11, 0);
    let mut noise = || (random.next() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    let a: Vec<f64> = (0..400).map(|_| noise() + 0.03).collect();
    let none = vec![0.0; 400];
    let mut calls = 0;
    let result = compare(&a, &none, 0.95, 20_000, 3, &mut || calls += 1).unwrap();
    assert!((result.p_randomisation - result.p_t.unwrap()).abs() < 0.01, "{result:?}");
    let half = 1.96 * (result.difference / result.t.unwrap());
    assert!((result.low - (result.difference - half)).abs() < 0.003, "{result:?}, {half}");
    assert!((result.high - (result.difference + half)).abs() < 0.003, "{result:?}, {half}");
    assert!(calls > 1000);
}

/// Of tests on two runs that do not differ, a share of about 0.05 has p below 0.05.
#[test]
fn false_alarms_are_as_rare_as_said() {
    let mut random = Random::new(5, 0);
    let mut alarms = [0, 0];
    for seed in 0..2000 {
        let mut values = || (0..24).map(|_| random.below(1000) as f64).collect::<Vec<_>>();
        let (a, b) = (values(), values());
        let result = compare(&a, &b, 0.95, 400, seed, &mut quiet()).unwrap();
        alarms[0] += u32::from(result.p_randomisation < 0.05);
        alarms[1] += u32::from(result.p_t.unwrap() < 0.05);
    }
    assert!(alarms.iter().all(|n| (70..=135).contains(n)), "{alarms:?} of 2000");
}

#[test]
fn what_is_refused() {
    let told = |error: EvaluationError| (error.message(), error.detail().unwrap_or_default());
    let lengths = compare(&[0.1], &[0.1, 0.2], 0.95, 100, 1, &mut quiet()).unwrap_err();
    assert_eq!(told(lengths).1, "The first has 1, the second 2.");
    let level = bootstrap(&[0.1], 1.0, 100, 1, &mut quiet()).unwrap_err();
    assert_eq!(told(level), ("evaluate level is out of range".into(), "The value given is 1.".into()));
    assert!(bootstrap(&[0.1], f64::NAN, 100, 1, &mut quiet()).is_err());
    assert!(bootstrap(&[0.1], 0.95, 99, 1, &mut quiet()).is_err());
    let nan = bootstrap(&[0.1, f64::NAN], 0.95, 100, 1, &mut quiet()).unwrap_err();
    assert_eq!(told(nan).1, "Value 2 is not one.");
    assert!(compare(&[f64::INFINITY], &[0.0], 0.95, 100, 1, &mut quiet()).is_err());
}

/// t, degrees of freedom, probability.
#[rustfmt::skip]
const T_VALUES: [(f64, u64, f64); 140] = [
    (1e-06, 1, 0.9999993633519304), (0.1, 1, 0.936548965138893), (0.7, 1, 0.6111997755715705),
    (1.5, 1, 0.3743340836219977), (1.7, 1, 0.3385060546606654), (1.75, 1, 0.3304986810771358),
    (2.0, 1, 0.2951672353008665), (3.3, 1, 0.18731554186375868), (8.0, 1, 0.07916684832113109),
    (25.0, 1, 0.02545122269598366), (1e-06, 2, 0.9999992928932188), (0.1, 2, 0.9294654384141402),
    (0.7, 2, 0.5563930246328654), (1.5, 2, 0.2723931248910011), (1.7, 2, 0.23123342620157122),
    (1.75, 2, 0.2222222222222222), (2.0, 2, 0.18350341907227397), (3.3, 2, 0.08084769380366799),
    (8.0, 2, 0.01526807216533814), (25.0, 2, 0.001596170211410334), (1e-06, 3, 0.9999992648948061),
    (0.1, 3, 0.9266523488008059), (0.7, 3, 0.5343269983047636), (1.5, 3, 0.23058386524482294),
    (1.7, 3, 0.18769064155341003), (1.75, 3, 0.17842542609827128), (2.0, 3, 0.13932596855884305),
    (3.3, 3, 0.0457334506359987), (8.0, 3, 0.004076577587785466), (25.0, 3, 0.00014033138995754856),
    (1e-06, 4, 0.99999925), (0.1, 4, 0.9251558409394532), (0.7, 4, 0.5225001655934502),
    (1.5, 4, 0.208), (1.7, 4, 0.16435494127005), (1.75, 4, 0.1550162111421669),
    (2.0, 4, 0.11611652351681556), (3.3, 4, 0.029933420084126066), (8.0, 4, 0.0013238969092171672),
    (25.0, 4, 1.5197525763315734e-05), (1e-06, 7, 0.9999992300170983), (0.1, 7, 0.9231480596047924),
    (0.7, 7, 0.5065175521956), (1.5, 7, 0.17729848698997), (1.7, 7, 0.1329288967825552),
    (1.75, 7, 0.123593028522288), (2.0, 7, 0.08561932856297605), (3.3, 7, 0.013120714938438112),
    (8.0, 7, 9.114921170875357e-05), (25.0, 7, 4.179697117659435e-08), (1e-06, 10, 0.9999992217832321),
    (0.1, 10, 0.9223207185644082), (0.7, 10, 0.4998875701728844), (1.5, 10, 0.16450732644544014),
    (1.7, 10, 0.11996934590902035), (1.75, 10, 0.11068094426594707), (2.0, 10, 0.07338803477074037),
    (3.3, 10, 0.008013498113698335), (8.0, 10, 1.1774942789666167e-05), (25.0, 10, 2.399392760063339e-10),
    (1e-06, 29, 0.999999208962842), (0.1, 29, 0.9210324444873739), (0.7, 29, 0.48950514861448374),
    (1.5, 29, 0.14442369604038574), (1.7, 29, 0.09983379148846933), (1.75, 29, 0.09069402371204598),
    (2.0, 29, 0.05494363718296717), (3.3, 29, 0.0025669142292085896), (8.0, 29, 8.012575649631688e-09),
    (25.0, 29, 3.5899844721705174e-21), (1e-06, 49, 0.9999992061756307), (0.1, 49, 0.9207523525851034),
    (0.7, 49, 0.4872375895498387), (1.5, 49, 0.14003061863163552), (1.7, 49, 0.09547108484117857),
    (1.75, 49, 0.08637845637956255), (2.0, 49, 0.05105914825741809), (3.3, 49, 0.001807307921866354),
    (8.0, 49, 1.9105439552955476e-10), (25.0, 49, 1.5065641664269426e-29), (1e-06, 299, 0.9999992027822867),
    (0.1, 299, 0.9204113409349043), (0.7, 299, 0.4844715754316722), (1.5, 299, 0.13466954795300828),
    (1.7, 299, 0.09017083319932272), (1.75, 299, 0.08114409895638396), (2.0, 299, 0.04640453988722304),
    (3.3, 299, 0.0010838473401874875), (8.0, 299, 2.7599925025956472e-14), (25.0, 299, 3.110518048367432e-75),
    (1e-06, 300, 0.9999992027800648), (0.1, 300, 0.9204111176444636), (0.7, 300, 0.48446976234592787),
    (1.5, 300, 0.13466603314926182), (1.7, 300, 0.09016736731510322), (1.75, 300, 0.08114067946573493),
    (2.0, 300, 0.0464015209831491), (3.3, 300, 0.0010834440790922753), (8.0, 300, 2.7350153901538407e-14),
    (25.0, 300, 2.4796427119476775e-75), (1e-06, 1000, 0.9999992023148854), (0.1, 1000, 0.9203643690236041),
    (0.7, 1000, 0.48409011399260243), (1.5, 1000, 0.13393003882208626), (1.7, 1000, 0.0894418869592401),
    (1.75, 1000, 0.08042500935945789), (2.0, 1000, 0.04577034649325166), (3.3, 1000, 0.00100099672500209),
    (8.0, 1000, 3.4266614823914978e-15), (25.0, 1000, 1.5203541383321418e-107), (1e-06, 6979, 0.9999992021440203),
    (0.1, 6979, 0.9203471977402662), (0.7, 6979, 0.483950636729214), (1.5, 6979, 0.13365963683203982),
    (1.7, 6979, 0.0891754837058653), (1.75, 6979, 0.08016225840392192), (2.0, 6979, 0.045538947546810246),
    (3.3, 6979, 0.0009716978208498662), (8.0, 6979, 1.446076270411988e-15), (25.0, 6979, 3.4821385817763185e-132),
    (1e-06, 99999, 0.9999992021174339), (0.1, 99999, 0.9203445259087308), (0.7, 99999, 0.48392893286360633),
    (1.5, 99999, 0.1336175595544007), (1.7, 99999, 0.08913403527976049), (1.75, 99999, 0.08012138064806401),
    (2.0, 99999, 0.045502963484502446), (3.3, 99999, 0.0009671862657073041), (8.0, 99999, 1.2573921202672609e-15),
    (25.0, 99999, 1.6217923123692022e-137), (1e-06, 1000000, 0.9999992021156386), (0.1, 1000000, 0.9203443454920432),
    (0.7, 1000000, 0.48392746728654146), (1.5, 1000000, 0.1336147182367928), (1.7, 1000000, 0.08913123649034883),
    (1.75, 1000000, 0.08011862041654791), (2.0, 1000000, 0.04550053385131924), (3.3, 1000000, 0.0009668820793400051),
    (8.0, 1000000, 1.2455063433202503e-15), (25.0, 1000000, 6.742358167544194e-138),
];
const KNOWN_T: f64 = 2.7933040956366773;
const KNOWN_P: f64 = 0.03829512683726004;
