use crate::scene::Shop;

#[test]
fn trial() {
    let shop = Shop::open("26.7.3");
    let world = shop.world();
    let _ = world.run(&["check"]);
    let _ = world.run(&["check", "--read-secrets", "-v"]);
    let _ = world.run(&["check", "--read-secrets", "--format", "json"]);
    let _ = world.run(&["doctor"]);
    let _ = world.run(&["snapshot", "snap"]);
    let _ = world.run(&["check", "snap"]);
}
