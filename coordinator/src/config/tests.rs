//! What a configuration file may say, and how a wrong one is refused.

use super::*;

fn refusal(text: &str) -> String {
    Config::parse(text, "c.toml").unwrap_err().to_string()
}

#[test]
fn nothing_written_means_the_defaults() {
    let config = Config::parse("", "c.toml").unwrap();
    assert_eq!(config, Config::in_folder(PathBuf::from("manyhands-data")));
    assert_eq!(config.flaw(), None);
}

#[test]
fn quantities_are_read_with_their_units() {
    let text = "heartbeat = \"2 min\"\n[limits]\nmessage = \"1 MiB\"\n";
    let config = Config::parse(text, "c.toml").unwrap();
    assert_eq!(config.heartbeat, Duration::from_secs(120));
    assert_eq!(config.limits.message_bytes_max, 1 << 20);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let said = refusal("plain = false\n\n[limits]\nbatches = 3\n");
    assert!(said.starts_with("c.toml, line 4:"), "{said}");
    assert!(said.contains("batches"), "{said}");
}

#[test]
fn a_value_of_the_wrong_form_is_named_with_its_key() {
    let said = refusal("# a comment\nheartbeat = \"10 fortnights\"\n");
    assert!(said.starts_with("c.toml, line 2: heartbeat: unknown unit `fortnights`"), "{said}");
}

#[test]
fn a_value_out_of_bounds_is_named_with_its_key() {
    let said = refusal("[limits]\nbatch = 0\n");
    assert_eq!(said, "c.toml, key `limits.batch`: must be from 1 to 10000");
}

#[test]
fn blobs_are_shared_within_a_budget() {
    let config = Config::parse("[peers]\nshare = false\nbudget_percent = 200\n", "c.toml").unwrap();
    assert_eq!(config.peers, Sharing { share: false, budget_percent: 200 });
    let said = refusal("[peers]\nbudget_percent = 99\n");
    assert_eq!(said, "c.toml, key `peers.budget_percent`: must be from 100 to 10000");
}

#[test]
fn plain_text_is_for_loopback_only() {
    let said = refusal("plain = true\nlisten = \"0.0.0.0:1\"\n");
    assert!(said.contains("`plain`"), "{said}");
    assert!(Config::parse("plain = true\nlisten = \"127.0.0.1:1\"\n", "c.toml").is_ok());
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/c.toml")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read /nowhere/c.toml"));
}

#[test]
fn the_sample_in_deploy_says_the_defaults() {
    let sample = include_str!("../../../deploy/coordinator.toml");
    let config = Config::parse(sample, "coordinator.toml").unwrap();
    assert_eq!(config, Config::in_folder(PathBuf::from("/var/lib/manyhands-coordinator")));
}

#[test]
fn own_networks_are_read_and_wrong_ones_named() {
    let config = Config::parse("own_networks = [\"130.83.0.0/16\"]\n", "c.toml").unwrap();
    assert_eq!(config.block("130.83.1.2".parse().unwrap()), None);
    assert!(config.block("130.84.1.2".parse().unwrap()).is_some());
    let said = refusal("plain = false\nown_networks = [\"10.0.0.0/8\", \"130.83.0.0/99\"]\n");
    let words = "c.toml, line 2: own_networks: `130.83.0.0/99` is no network: write its first address, \
                 a slash and the length of its prefix, such as `130.83.0.0/16`";
    assert_eq!(said, words);
}

#[test]
fn a_rest_has_bounds() {
    let said = refusal("[suspension]\nrest = \"999 ms\"\n");
    assert_eq!(said, "c.toml, key `suspension.rest`: must be 1 s or more");
    let words = "c.toml, key `suspension.rest_max`: must be from `suspension.rest` to 365 d";
    assert_eq!(refusal("[suspension]\nrest = \"8 d\"\nrest_max = \"7 d\"\n"), words);
    assert_eq!(refusal("[suspension]\nrest_max = \"366 d\"\n"), words);
    let said = refusal("[suspension]\nanswers = 0\n");
    assert_eq!(said, "c.toml, key `suspension.answers`: must be from 1 to 1000");
}
