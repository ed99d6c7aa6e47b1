//! Escapes, markup and direction marks in every place that a report quotes.
pub fn f() {
    let _ = std::fs::read("/tmp/[2J]0;owned[/bold red]/.ssh/id_rsa"); // ‮ gnp.exe
    let _ = std::net::TcpStream::connect("[red]192.0.2.1[/]:80 ​::set-output name=x::y");
}
