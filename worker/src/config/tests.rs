//! What settings mean, and how wrong ones are refused.

use manyhands_core::swarm::UploadLimit;
use std::num::NonZeroU64;
use std::path::Path;

use manyhands_core::agent::governor::defaults::DEFAULT_RULES;
use manyhands_core::agent::governor::limits::Cores;

use super::*;

const INVITE: &str = "manyhands+plain://127.0.0.1:7654/";

fn written(text: &str) -> Result<Written, ConfigError> {
    Written::parse(text, Path::new("worker.toml"))
}

#[test]
fn defaults_fill_what_is_left_out() {
    let text = format!("invite = \"{INVITE}\"\ndata_dir = \"/tmp/w\"\n");
    let config = Config::new(written(&text).unwrap()).unwrap();
    assert_eq!(config.projects[0].invite.to_string(), INVITE);
    assert_eq!(config.slots, probe::cores());
    assert_eq!(config.checkpoint_interval, Span::seconds(30));
    assert_eq!(config.checkpoint_upload_bytes_max, 16 << 20);
    assert_eq!(config.fault, None);
}

#[test]
fn every_key_is_understood() {
    let text = format!(
        "invite = \"{INVITE}\"\ndata_dir = \"d\"\nnickname = \"attic\"\nslots = 3\n\
         priority = \"inherited\"\nslot_memory = \"256 MiB\"\ncache_max = \"1 GiB\"\ncheckpoint_interval = \"5 s\"\n\
         checkpoint_upload_max = \"1 MiB\"\ndrain_grace = \"2 s\"\ncore_watts = 9\nlan = false\nchoose_after = \"7 min\"\nuntil_idle = \"5 min\"\nfault = \"lie\"\n\
         [page]\nlisten = \"127.0.0.1:7655\"\n\
         [peers]\nmode = \"full\"\nlisten = \"0.0.0.0:7655\"\nupload_max = \"1 MiB\"\n"
    );
    let config = Config::new(written(&text).unwrap()).unwrap();
    let expect = Config {
        projects: vec![ProjectConfig {
            invite: INVITE.parse().unwrap(),
            share: 1,
            name: String::new(),
        }],
        is_exclusive: true,
        data_dir: "d".into(),
        nickname: "attic".into(),
        slots: NonZeroU32::new(3).unwrap(),
        priority: Priority::Inherited,
        slot_memory_bytes: 256 << 20,
        cache_bytes_max: 1 << 30,
        checkpoint_interval: Span::seconds(5),
        checkpoint_upload_bytes_max: 1 << 20,
        drain_grace: Span::seconds(2),
        lan: false,
        choose_after: Some(Span::minutes(7)),
        until_idle: Some(Span::minutes(5)),
        owner: config.owner.clone(),
        always: true,
        memory_bytes: config.memory_bytes,
        core_power: Power::watts(9),
        page: Some("127.0.0.1:7655".parse().unwrap()),
        settings: "d/settings.toml".into(),
        sharing: Sharing {
            mode: Mode::Full,
            listen: Some("0.0.0.0:7655".parse().unwrap()),
            upload_limit: UploadLimit::Fixed(NonZeroU64::new(1 << 20).unwrap()),
        },
        fault: Some(Fault::Lie),
    };
    assert_eq!(config, expect);
}

#[test]
fn the_sample_is_valid_with_and_without_its_comments() {
    const SAMPLE: &str = include_str!("../../../deploy/worker.toml");
    let config = Config::new(written(SAMPLE).unwrap()).unwrap();
    // What it shows in comments are the defaults, but for the memory.
    let shown: String = SAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ").filter(|rest| rest.contains(" = ")) {
            Some(setting) => format!("{setting}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let all = Config::new(written(&shown).unwrap()).unwrap();
    assert_eq!(Config { slot_memory_bytes: config.slot_memory_bytes, ..all }, config);
    assert!(shown.contains("\nslot_memory"));
}

#[test]
fn errors_name_file_line_and_key() {
    let check = |text: &str, expect: &str| {
        let shown = written(text).unwrap_err().to_string();
        assert!(shown.starts_with(expect), "{shown}");
    };
    check("[peers]\nupload_max = \"much\"", "worker.toml:2: upload_max: `much` is not a size");
    check("\nslots = 0", "worker.toml:2: slots: `0` is neither \"auto\" nor 1 to 1024");
    check("slots = \"many\"", "worker.toml:1: slots: `many` is neither");
    check("#\n\ncache_max = 5", "worker.toml:3: cache_max: ");
    check("cache_max = \"5 GB\"", "worker.toml:1: cache_max: `5 GB` is not a size");
    check("invite = \"http://x\"", "worker.toml:1: invite: an invite starts with");
    check("fault = \"x\"", "worker.toml:1: fault: ");
    check("fault = \"collude\"", "worker.toml:1: fault: ");
    check("slotz = 1", "worker.toml:1: slotz: unknown field");
    check("slots = ", "worker.toml:1: slots: ");
    check("slots", "worker.toml:1: ");
}

#[test]
fn owners_say_when_and_how_much() {
    let text = format!(
        "invite = \"{INVITE}\"\ndata_dir = \"d\"\n[limits]\nidle_after = \"10 min\"\n\
         network_per_day = \"2 GiB\"\ndisk_per_day = \"9 GiB\"\n[limits.in_use]\ncores = 1\ncpu = 30\n\
         [limits.idle]\ncores = \"50 %\"\nmemory = \"1 GiB\"\n\
         [sensors]\nprice = \"/run/price\"\n\
         [rules]\ncall = \"\"\nbattery = 'when battery < 50 pause'\n\
         dear = 'when sensor \"price\" > 1 pause'\n"
    );
    let owner = Config::new(written(&text).unwrap()).unwrap().owner;
    let limits = owner.limits;
    assert_eq!(limits.idle_after, Span::minutes(10));
    assert_eq!(limits.network_day_bytes, Some(2 << 30));
    assert_eq!(limits.disk_day_bytes, Some(9 << 30));
    assert_eq!((limits.in_use.cores, limits.in_use.cpu_percent), (Cores::Count(1), 30));
    assert_eq!((limits.idle.cores, limits.idle.memory_bytes), (Cores::Percent(50), 1 << 30));
    let rules: Vec<String> =
        owner.rules.iter().map(|rule| format!("{}: {rule}", rule.name())).collect();
    assert_eq!(rules.len(), DEFAULT_RULES.len(), "one less and one more");
    assert!(rules.contains(&"battery: when battery < 50 pause".to_owned()), "{rules:?}");
    assert!(!rules.iter().any(|rule| rule.starts_with("call")), "{rules:?}");
    assert_eq!(owner.sensors, [("price".into(), "/run/price".into())].into());
}

#[test]
fn a_machine_that_is_there_for_nothing_else_has_only_the_rules_that_are_written() {
    let text = format!(
        "invite = \"{INVITE}\"\ndata_dir = \"d\"\nalways = true\n\
         [rules]\nheat = \"when temperature > 90 pause\"\n"
    );
    let owner = Config::new(written(&text).unwrap()).unwrap().owner;
    assert_eq!(owner.limits.in_use, owner.limits.idle);
    assert!(!owner.limits.yields);
    assert_eq!(owner.rules.iter().map(|rule| &**rule.name()).collect::<Vec<_>>(), ["heat"]);
}

#[test]
fn a_pilot_has_the_machine_for_itself_unless_its_settings_say_otherwise() {
    let read = |more: &str| {
        let text = format!("invite = \"{INVITE}\"\ndata_dir = \"d\"\n{more}");
        let config = Config::new(written(&text).unwrap()).unwrap();
        (config.priority, config.owner.limits.yields, config.owner.rules.is_empty())
    };
    assert_eq!(read(""), (Priority::Lowest, true, false));
    assert_eq!(read("until_idle = \"10 min\""), (Priority::Inherited, false, true));
    let said = "until_idle = \"10 min\"\nalways = false\npriority = \"lowest\"";
    assert_eq!(read(said), (Priority::Lowest, true, false));
}

#[test]
fn a_wrong_rule_is_told_its_place_in_the_file() {
    let check = |text: &str, expect: &str| {
        let shown = written(text).unwrap_err().to_string();
        assert!(shown.starts_with(expect), "{shown}");
    };
    check(
        "slots = 1\n[rules]\nheat = \"when temprature > 80 pause\"\n",
        "worker.toml:3:14: the rule `heat`: `temprature` is neither a sensor",
    );
    check(
        "[rules]\nheat = 'when temperature > 80 pause until < 90'\n",
        "worker.toml:2:43: the rule `heat`: `until` is on the wrong side",
    );
    check(
        "[rules]\nlong = \"\"\"\n  when on battery\n    or else pause\"\"\"\n",
        "worker.toml:4:8: the rule `long`: `else` where `unknown` belongs",
    );
    check(
        "[rules]\na = '''when 25:00-26:00 pause'''\n",
        "worker.toml:2:13: the rule `a`: `25:00` is no time of day",
    );
    check(
        "[rules]\na = 'when sensor \"price\" > 3 pause'\n",
        "worker.toml:2:18: the rule `a`: no sensor \"price\" is provided",
    );
    check("[rules]\nheat = 5\n", "worker.toml:2: heat: ");
    check("[limits.idle]\ncores = \"101 %\"\n", "worker.toml:2: cores: `101 %` is no share");
    check("[limits.idle]\ncores = -1\n", "worker.toml:2: cores: `-1` is not 0 to 4096");
    check("[limits.idle]\ncors = 1\n", "worker.toml:2: cors: unknown field");
}

#[test]
fn values_have_bounds() {
    let check = |line: &str, expect: &str| {
        let text = format!("invite = \"{INVITE}\"\ndata_dir = \"d\"\n{line}\n");
        let error = written(&text).and_then(Config::new).unwrap_err();
        assert!(matches!(error, ConfigError::OutOfBounds { key, .. } if key == expect), "{line}");
    };
    check(&format!("nickname = \"{}\"", "x".repeat(129)), "nickname");
    check("nickname = \"a\\u0007\"", "nickname");
    check("slot_memory = \"1 KiB\"", "slot_memory");
    check("cache_max = \"0 B\"", "cache_max");
    check("checkpoint_interval = \"0 s\"", "checkpoint_interval");
    check("drain_grace = \"2 h\"", "drain_grace");
    check("core_watts = 0", "core_watts");
    check("[page]\nlisten = \"0.0.0.0:7655\"", "page.listen");
    check("until_idle = \"0 s\"", "until_idle");
    check("until_idle = \"169 h\"", "until_idle");
    check("[limits]\nidle_after = \"25 h\"", "limits.idle_after");
    check("[limits.idle]\ncpu = 0", "limits.idle.cpu");
    check("[limits.in_use]\ncpu = 101", "limits.in_use.cpu");
    check("[peers]\nlisten = \"0.0.0.0:80\"", "peers.listen");
    check("[peers]\nupload_max = \"1 KiB\"", "peers.upload_max");
    check("[peers]\nupload_max = \"0 B\"", "peers.upload_max");
    check("[rules]\n\"\" = \"when in call pause\"", "rules and sensors");
}

#[test]
fn invite_and_folder_are_needed() {
    let error = Config::new(Written::default()).unwrap_err();
    assert!(matches!(error, ConfigError::Missing { key: "invite", .. }));
}
