//! A task of the Task Scheduler, on Windows. Written from its manual, and never tried there.
//!
//! A task, and no service in the system's sense: services run in a session of their own, from which nobody sees when
//! the person at the machine last touched it, and to install one takes an administrator.

use std::path::Path;

use super::{DATA_MARK, MARK, Parts, Service, command, text_of};
use crate::failure::Failure;

const NAME: &str = "Manyhands worker";

pub(super) fn of_user(local_data: &Path) -> Result<Service, Failure> {
    let folder = std::path::absolute(local_data)?.join("manyhands");
    let file = folder.join("worker-task.xml");
    Ok(Service {
        settings: folder.join("worker-service.toml"),
        data: None,
        sign: None,
        start: vec![
            command(&["schtasks", "/Create", "/F", "/TN", NAME, "/XML", text_of(&file)?]),
            command(&["schtasks", "/Run", "/TN", NAME]),
        ],
        stop: vec![command(&["schtasks", "/End", "/TN", NAME])],
        forget: vec![command(&["schtasks", "/Delete", "/F", "/TN", NAME])],
        note: Some("nobody has tried this on Windows yet: the Task Scheduler shows how it is"),
        hidden: &[],
        describe: task,
        file,
    })
}

/// See the Task Scheduler's schema. Without a declaration the text is UTF-8. Priority 7 is below normal, for the worker
/// itself; its slots take the idle class.
fn task(parts: &Parts<'_>) -> Result<String, Failure> {
    let [program, settings, data] = parts.in_xml()?;
    Ok(format!(
        r#"<!-- {MARK} -->
<!-- {DATA_MARK}{data} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <Triggers>
    <LogonTrigger><Enabled>true</Enabled></LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>worker --config "{settings}" --data "{data}"</Arguments>
    </Exec>
  </Actions>
</Task>
"#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_names_the_paths_and_says_that_it_is_ours() {
        let parts = Parts {
            program: Path::new(r"C:\a&b\manyhands.exe"),
            settings: Path::new(r"C:\Users\Ada L\w.toml"),
            data: Path::new(r"C:\Users\Ada L\data"),
        };
        let text = task(&parts).unwrap();
        assert!(text.contains(r"<Command>C:\a&amp;b\manyhands.exe</Command>"), "{text}");
        assert!(text.contains(r#"--config "C:\Users\Ada L\w.toml""#), "{text}");
        assert!(super::super::is_ours(&text));
        assert_eq!(super::super::data_of(&text), Some(r"C:\Users\Ada L\data"));
    }

    #[test]
    fn a_task_is_ended_before_it_is_deleted() {
        let service = of_user(Path::new("/Users/Ada/AppData/Local")).unwrap();
        assert!(service.file.ends_with("manyhands/worker-task.xml"));
        assert_eq!(service.stop[0][..2], ["schtasks", "/End"]);
        assert_eq!(service.forget[0][..2], ["schtasks", "/Delete"]);
    }
}
