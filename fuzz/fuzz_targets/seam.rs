#![no_main]

use std::cell::RefCell;

use logto_fuzz_targets::{Seam, Target};

thread_local!(static TARGET: RefCell<Seam> = RefCell::new(Seam::start()));

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    TARGET.with_borrow_mut(|target| target.run(input));
});
