//! dependency: tokio-postgres = "0.7.12"
use tokio_postgres::NoTls;

pub async fn insert(text: &str) -> Result<(), tokio_postgres::Error> {
    let (client, _connection) = tokio_postgres::connect("postgres://db.invalid/a", NoTls).await?; //~ net.connect postgres://db.invalid/a
    client.execute("insert into t values ($1)", &[&text]).await?; //~ net.send postgres://db.invalid/a
    Ok(())
}
