//! dependency: rquickjs = "0.8.1"
use rquickjs::{Ctx, Result};

pub fn run(ctx: Ctx<'_>, text: &str) -> Result<i32> {
    ctx.eval(text) //~ code.execute-memory
}
