//! dependency: wasmtime = { version = "38.0.4", default-features = false, features = ["cranelift", "runtime", "wat", "std"] }
use wasmtime::{Engine, Instance, Module, Result, Store};

pub fn run(bytes: &[u8]) -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, bytes)?; //~ code.execute-memory
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())
}

pub struct Plugin {
    module: Module,
}

impl Plugin {
    pub fn open(engine: &Engine) -> Result<Self> {
        Ok(Self { module: Module::from_file(engine, "/opt/plugins/one.wasm")? }) //~ code.load /opt/plugins/one.wasm
    }

    pub fn text() -> Result<Self> {
        let module = Module::new(&Engine::default(), "(module)")?; //~ code.execute-memory (module)
        Ok(Self { module })
    }

    pub fn name(&self) -> Option<&str> {
        self.module.name()
    }
}
