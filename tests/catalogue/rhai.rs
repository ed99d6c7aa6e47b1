//! dependency: rhai = "1.27.0"
use rhai::{Engine, EvalAltResult, Scope};

pub fn sum() -> Result<i64, Box<EvalAltResult>> {
    let engine = Engine::new();
    engine.eval::<i64>("40 + 2") //~ code.execute-memory 40 + 2
}

pub fn chained() -> Result<(), Box<EvalAltResult>> {
    Engine::new().run_file("/opt/scripts/start.rhai".into()) //~ code.load /opt/scripts/start.rhai
}

pub struct Host {
    engine: Engine,
}

impl Host {
    pub fn run(&self, scope: &mut Scope) -> Result<(), Box<EvalAltResult>> {
        let ast = self.engine.compile("let x = 1")?; //~ code.execute-memory let x = 1
        self.engine.run_ast(&ast)?;
        self.engine.run_with_scope(scope, "x += 1") //~ code.execute-memory x += 1
    }
}
