//! Doors take memory and time in proportion to their input, and readers of damaged segments no more than the segment is
//! worth. An allocator counts: bytes that are asked for and not given back; a buffer that grows counts as what it grows
//! by, which is what large ones cost.
//!
//! Promised: at most 4 times the input and 1 MB beside it; four times the input takes about four times as long. (A byte
//! of what no longer fits a processor's own cache takes up to twice as long as one that does: with twice the input,
//! which a square makes four times, the two could not be told apart.)
//! Sizes: `PG_WAND_BYTES` of the smaller input (1,000,000; before a release 50,000,000), `PG_WAND_MEMORY_IMAGES` damaged
//! segments (300; before a release 20,000).

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use pg_wand::engine;
use pg_wand::engine::vector::{binary, json, text};

#[path = "../../src/engine/tests/targets/mod.rs"]
#[allow(dead_code, reason = "the engine's tests use more of it")]
mod targets;

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grow(bytes: usize) {
    let now = NOW.fetch_add(bytes, Relaxed) + bytes;
    PEAK.fetch_max(now, Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        NOW.fetch_sub(layout.size(), Relaxed);
        grow(size);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What something takes beyond what is there before it: bytes at the peak, time.
fn cost(run: impl FnOnce()) -> (usize, Duration) {
    let begin = time();
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    run();
    let peak = PEAK.load(Relaxed) - before;
    (peak, time().saturating_sub(begin))
}

/// The thread's own processor time, if the system tells it: others want the processor too.
fn time() -> Duration {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGIN.elapsed(), Duration::from_nanos)
}

fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

/// An input of about so many bytes.
type Make = fn(usize) -> Vec<u8>;

fn pairs(n: usize, index: impl Fn(usize) -> usize) -> Vec<u8> {
    let mut bytes = vec![b'{'];
    let mut no = 0;
    while bytes.len() < n {
        bytes.extend_from_slice(format!("{}:1,", index(no)).as_bytes());
        no += 1;
    }
    bytes.pop();
    bytes.push(b'}');
    bytes
}

fn repeated(head: &str, piece: &str, tail: &str, n: usize) -> Vec<u8> {
    [head, &piece.repeat(n / piece.len()), tail].concat().into_bytes()
}

fn wire(n: usize, index: impl Fn(u32) -> u32, claimed: Option<u32>) -> Vec<u8> {
    let nnz = (n / 8) as u32;
    let mut bytes = Vec::with_capacity(n + 12);
    [0, claimed.unwrap_or(nnz), 0].iter().for_each(|field: &u32| bytes.extend_from_slice(&field.to_be_bytes()));
    (0..nnz).for_each(|no| bytes.extend_from_slice(&index(no).to_be_bytes()));
    (0..nnz).for_each(|_| bytes.extend_from_slice(&1f32.to_be_bytes()));
    bytes
}

fn object(n: usize) -> Vec<u8> {
    let mut bytes = vec![b'{'];
    let mut no = 0;
    while bytes.len() < n {
        bytes.extend_from_slice(format!("\"{no}\":1,").as_bytes());
        no += 1;
    }
    bytes.pop();
    bytes.push(b'}');
    bytes
}

const TEXTS: [(&str, Make); 14] = [
    ("ascending pairs", |n| pairs(n, |no| no + 1)),
    ("descending pairs", |n| pairs(n, |no| 2_000_000_000 - no)),
    ("scattered pairs", |n| pairs(n, |no| no.wrapping_mul(0x9e37_79b1) % 2_147_483_647 + 1)),
    ("one pair over and over", |n| pairs(n, |_| 1)),
    ("zeros", |n| repeated("{", "1:0,", "1:0}", n)),
    ("blanks", |n| repeated("{", " ", "}", n)),
    ("commas", |n| repeated("{", ",", "}", n)),
    ("open braces", |n| repeated("", "{", "", n)),
    ("digits of an index", |n| repeated("{", "9", ":1}", n)),
    ("digits of a weight", |n| repeated("{1:0.", "1", "}", n)),
    ("digits of an exponent", |n| repeated("{1:1e", "0", "1}", n)),
    ("digits of a dimension", |n| repeated("{}/", "1", "", n)),
    ("no end", |n| repeated("{", "7:1.5,", "", n)),
    ("zero bytes", |n| vec![0; n]),
];

const BINARIES: [(&str, Make); 5] = [
    ("ascending", |n| wire(n, |no| no, None)),
    ("descending", |n| wire(n, |no| i32::MAX as u32 - no, None)),
    ("a count too great", |n| wire(n, |no| no, Some(0x07ff_ffff))),
    ("a count that wraps", |n| wire(n, |no| no, Some(0x2000_0001))),
    ("zero bytes", |n| vec![0; n]),
];

const OBJECTS: [(&str, Make); 5] = [
    ("members", object),
    ("arrays in arrays", |n| repeated("", "[", "", n)),
    ("objects in objects", |n| repeated("", "{\"1\":", "", n)),
    ("a long key", |n| repeated("{\"", "1", "\":1}", n)),
    ("a long number", |n| repeated("{\"1\":0.", "1", "}", n)),
];

type Parse = fn(&[u8]) -> bool;

fn try_door(name: &str, parse: Parse, kinds: &[(&str, Make)], n: usize) {
    for (kind, make) in kinds {
        let inputs = [make(n), make(4 * n)];
        let mut best = [Duration::MAX; 2];
        // Caches are everybody's, too: only what is slow again and again is slow.
        for attempt in 0..12 {
            for (input, best) in inputs.iter().zip(&mut best) {
                let (peak, time) = cost(|| _ = std::hint::black_box(parse(input)));
                let most = 4 * input.len() + 1_000_000;
                assert!(peak <= most, "{name}, {kind}: {} bytes of input take {peak}, more than {most}", input.len());
                *best = time.min(*best);
            }
            if attempt >= 2 && ratio(best) < MOST_TIMES {
                break;
            }
        }
        let per_mb = |at: usize| best[at].as_secs_f64() * 1e3 / (inputs[at].len() as f64 / 1e6);
        println!("  {name}, {kind}: {:.1} and {:.1} ms a MB", per_mb(0), per_mb(1));
        assert!(
            ratio(best) < MOST_TIMES,
            "{name}, {kind}: four times the input takes {:.1} times as long",
            ratio(best)
        );
    }
}

/// Four times the input may take so many times as long: room for caches and a busy machine, not for a square's 16.
const MOST_TIMES: f64 = 10.0;

fn ratio([once, four_times]: [Duration; 2]) -> f64 {
    four_times.as_secs_f64() / once.as_secs_f64().max(0.004)
}

/// Numbers that are the same for the same seed (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn try_segments() {
    // Scores, sums of the check, copies of a merge: some hundred bytes a document, and a few pages of each part.
    const MOST: usize = 4_000_000;
    let n = size("PG_WAND_MEMORY_IMAGES", 300);
    let seed = size("SEED", 1) as u64;
    targets::damage::segment(&[]);
    let (mut state, mut greatest) = (seed, 0);
    for no in 0..n {
        let mut input = Vec::new();
        (0..4 + no % 9).for_each(|_| input.extend_from_slice(&next(&mut state).to_le_bytes()));
        input[0] %= 4;
        let (peak, _) = cost(|| _ = std::hint::black_box(targets::damage::segment(&input)));
        assert!(peak <= MOST, "{peak} bytes for a damaged segment: {input:?}");
        greatest = greatest.max(peak);
    }
    println!("memory: {n} damaged segments take up to {greatest} bytes; SEED={seed}");
}

/// One test: the counter is everybody's.
#[test]
fn memory_and_time_are_in_proportion() {
    let n = size("PG_WAND_BYTES", 1_000_000);
    try_door("svec text", |input| text::parse(input, &mut || {}).is_ok(), &TEXTS, n);
    try_door("svec binary", |input| binary::parse(input).is_ok(), &BINARIES, n);
    try_door("svec json", |input| json::parse(input, &mut || {}).is_ok(), &OBJECTS, n);
    try_segments();
}
