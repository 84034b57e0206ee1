//! What the fuzzer has kept in `fuzz/corpus` goes through its target again, every time.

use std::fs;
use std::path::Path;

use super::targets;

#[test]
fn kept_inputs_keep_their_promises() {
    let mut n_files = 0;
    for target in &targets::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target.name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let (mut n, mut accepted) = (0, 0);
        for file in files {
            let path = file.expect("an entry").path();
            println!("{}", path.display());
            accepted += usize::from((target.run)(&fs::read(&path).expect("a file")));
            n += 1;
        }
        // An empty folder, or one that is refused as a whole, is a mistake.
        assert!(n >= 5 && accepted > 0 && accepted < n, "{}: {accepted} of {n} accepted", target.name);
        n_files += n;
    }
    println!("corpora: {n_files} files");
}
