//! dependency: mlua = { version = "0.11.6", features = ["lua54", "vendored"] }
use mlua::{Lua, Result};

pub fn start() -> Result<()> {
    let lua = Lua::new();
    lua.load("print('hello')").exec() //~ code.execute-memory print('hello')
}

pub fn chained() -> Result<i64> {
    Lua::new().load("1 + 1").set_name("sum").eval::<i64>() //~ code.execute-memory 1 + 1
}

pub struct Host {
    lua: Lua,
}

impl Host {
    pub fn script(&self, text: &str) -> Result<()> {
        let chunk = self.lua.load(text); //~ code.execute-memory
        chunk.exec()
    }
}
