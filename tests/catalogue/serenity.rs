//! dependency: serenity = { version = "0.12.4", default-features = false, features = ["http", "model", "builder", "rustls_backend"] }
use serenity::builder::ExecuteWebhook;
use serenity::http::Http;
use serenity::model::webhook::Webhook;

pub async fn tell(text: &str) -> Option<()> {
    let http = Http::new(""); //~ net.connect https://discord.com/
    let hook = Webhook::from_url(&http, "https://hook.invalid/1/A").await.ok()?; //~ net.connect https://hook.invalid/1/A
    hook.execute(&http, false, ExecuteWebhook::new().content(text)).await.ok()?; //~ net.send https://hook.invalid/1/A
    Some(())
}
