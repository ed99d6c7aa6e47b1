//! dependency: boa_engine = "0.20.0"
use boa_engine::{Context, Source};

pub fn run(text: &str) {
    let mut context = Context::default();
    let _ = context.eval(Source::from_bytes(text)); //~ code.execute-memory
}
