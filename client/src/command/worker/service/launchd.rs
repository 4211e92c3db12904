//! Services of launchd, on macOS. Written from its manual, and never tried on a Mac.

use std::path::Path;

use super::{DATA_MARK, MARK, Parts, Service, command, text_of};
use crate::failure::Failure;

const LABEL: &str = "org.manyhands.worker";

pub(super) fn of_user(home: &Path, user: u32) -> Result<Service, Failure> {
    let home = std::path::absolute(home)?;
    let file = home.join("Library/LaunchAgents").join(format!("{LABEL}.plist"));
    let domain = format!("gui/{user}");
    Ok(Service {
        settings: home.join(".config/manyhands/worker-service.toml"),
        data: None,
        sign: None,
        start: vec![command(&["launchctl", "bootstrap", &domain, text_of(&file)?])],
        stop: vec![command(&["launchctl", "bootout", &format!("{domain}/{LABEL}")])],
        forget: Vec::new(),
        note: Some("nobody has tried this on a Mac yet: `launchctl print` shows how it is"),
        hidden: &[],
        describe: agent,
        file,
    })
}

/// A property list, see launchd.plist(5).
fn agent(parts: &Parts<'_>) -> Result<String, Failure> {
    let [program, settings, data] = parts.in_xml()?;
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- {MARK} -->
<!-- {DATA_MARK}{data} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key><string>{LABEL}</string>
    <key>ProgramArguments</key>
    <array>
        <string>{program}</string>
        <string>worker</string>
        <string>--config</string><string>{settings}</string>
        <string>--data</string><string>{data}</string>
    </array>
    <key>RunAtLoad</key><true/>
    <key>KeepAlive</key><dict><key>Crashed</key><true/></dict>
    <key>ProcessType</key><string>Background</string>
    <key>LowPriorityIO</key><true/>
    <key>Nice</key><integer>19</integer>
    <key>ExitTimeOut</key><integer>60</integer>
</dict>
</plist>
"#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_names_the_paths_and_says_that_it_is_ours() {
        let parts = Parts {
            program: Path::new("/opt/a&b/manyhands"),
            settings: Path::new("/Users/ada/w.toml"),
            data: Path::new("/Users/ada/data"),
        };
        let text = agent(&parts).unwrap();
        assert!(text.contains("<string>/opt/a&amp;b/manyhands</string>"), "{text}");
        assert!(super::super::is_ours(&text));
        assert_eq!(super::super::data_of(&text), Some("/Users/ada/data"));
    }

    #[test]
    fn a_service_is_named_by_the_users_domain() {
        let service = of_user(Path::new("/Users/ada"), 501).unwrap();
        assert!(service.file.ends_with("Library/LaunchAgents/org.manyhands.worker.plist"));
        assert!(service.stop[0][2].starts_with("gui/501/"));
    }
}
