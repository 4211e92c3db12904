//! BOINC's own client, if this machine has it, with tasks that only count: one for each core.
//!
//! It gets a data folder with a project that nobody serves, in the form that BOINC calls an anonymous platform: the
//! program lies there already, and is not signed. So the client starts its tasks as it starts those of any project; of
//! version 7.20.5 (Debian 12) they get `SCHED_IDLE` and nice 19, in the client's own control group and session, whose
//! automatic group stays at nice 0.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Failure;

/// The project's address, which cannot be (RFC 2606), and the name that BOINC makes of it for files.
const PROJECT: &str = "http://neighbour.invalid/";
const PROJECT_NAME: &str = "neighbour.invalid";

/// The task. It ends with its client, however that ends: BOINC leaves this to a library that real tasks have.
const PROGRAM: &str = "#!/bin/sh\nexec setpriv --pdeathsig KILL sh -c 'while :; do :; done'\n";

/// All of all cores, however busy others are, and of the disk whatever it takes: a full one must not keep tasks from
/// being started.
const PREFERENCES: &str = "<global_preferences>
<max_ncpus_pct>100</max_ncpus_pct>
<cpu_usage_limit>100</cpu_usage_limit>
<suspend_cpu_usage>0</suspend_cpu_usage>
<disk_max_used_pct>100</disk_max_used_pct>
<disk_min_free_gb>0</disk_min_free_gb>
</global_preferences>
";

/// It computes always (1), whoever uses the machine and however it has power, and never (3) uses the network.
const MODES: &str =
    "<user_run_request>1</user_run_request>\n<user_network_request>3</user_network_request>";

/// What it is told beside its folder: it listens nowhere, asks nobody, and computes nothing but its tasks; another
/// client may be at home on this machine.
const WORDS: [&str; 5] = [
    "--no_gui_rpc",
    "--no_info_fetch",
    "--skip_cpu_benchmarks",
    "--no_gpus",
    "--allow_multiple_clients",
];

/// The client on this machine.
pub(super) struct Boinc {
    pub(super) version: String,
    /// The system and processor that its tasks are for, as it calls them.
    platform: String,
}

impl Boinc {
    /// Looks for it on the path.
    pub(super) fn find() -> Result<Option<Self>, Failure> {
        let output = match Command::new("boinc").arg("--version").output() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            output => output?,
        };
        let text = String::from_utf8(output.stdout)?;
        let (version, platform) =
            text.trim().split_once(' ').ok_or("an unknown form of `boinc --version`")?;
        Ok(Some(Self { version: version.to_owned(), platform: platform.to_owned() }))
    }

    /// Starts it in a new folder: in a session of its own, as Debian's service does, or in this one.
    pub(super) fn start(
        &self,
        folder: &Path,
        tasks: usize,
        has_own_session: bool,
    ) -> Result<Child, Failure> {
        self.furnish(folder, tasks)?;
        // The service's niceness. Tasks have theirs in both cases.
        let first: &[&str] =
            if has_own_session { &["setsid", "nice", "-n", "10"] } else { &["env"] };
        let mut client = Command::new(first[0]);
        // Killed with this process, however that ends.
        client.args(&first[1..]).args(["setpriv", "--pdeathsig", "KILL", "boinc", "--dir"]);
        client.arg(folder).args(WORDS).stdin(Stdio::null());
        Ok(client.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// Makes the folder of a client that has fetched so many tasks, and begun none.
    fn furnish(&self, folder: &Path, tasks: usize) -> Result<(), Failure> {
        let project = folder.join("projects").join(PROJECT_NAME);
        fs::create_dir_all(&project)?;
        let program = project.join("count");
        fs::write(&program, PROGRAM)?;
        fs::set_permissions(&program, Permissions::from_mode(0o755))?;
        fs::write(project.join("app_info.xml"), self.app())?;
        let account = format!("<account>\n<master_url>{PROJECT}</master_url>\n</account>\n");
        fs::write(folder.join(format!("account_{PROJECT_NAME}.xml")), account)?;
        fs::write(folder.join("global_prefs_override.xml"), PREFERENCES)?;
        Ok(fs::write(folder.join("client_state.xml"), self.state(tasks))?)
    }

    /// The program. With an interface as new as this it shares a file with its client, in its folder; with an old one,
    /// memory that nobody would free.
    fn app(&self) -> String {
        let Self { version, platform } = self;
        format!(
            "<app_info>
<app><name>count</name></app>
<file_info><name>count</name><executable/></file_info>
<app_version>
<app_name>count</app_name>
<version_num>1</version_num>
<platform>{platform}</platform>
<api_version>{version}</api_version>
<file_ref><file_name>count</file_name><main_program/></file_ref>
</app_version>
</app_info>
"
        )
    }

    /// What the client knows: the project, and its tasks.
    fn state(&self, tasks: usize) -> String {
        let tasks: String = (0..tasks).map(|number| self.task(number)).collect();
        let project = format!("<project>\n<master_url>{PROJECT}</master_url>\n</project>");
        format!("<client_state>\n{MODES}\n{project}\n{tasks}</client_state>\n")
    }

    /// A work unit, and a replica of it whose files are all there (state 2). It is expected to take decades, may take
    /// more, and is not late before 2096.
    fn task(&self, number: usize) -> String {
        let platform = &self.platform;
        format!(
            "<workunit>
<name>unit-{number}</name>
<app_name>count</app_name>
<rsc_fpops_est>1e18</rsc_fpops_est>
<rsc_fpops_bound>1e24</rsc_fpops_bound>
<rsc_memory_bound>1e8</rsc_memory_bound>
<rsc_disk_bound>1e8</rsc_disk_bound>
</workunit>
<result>
<name>result-{number}</name>
<wu_name>unit-{number}</wu_name>
<platform>{platform}</platform>
<version_num>1</version_num>
<state>2</state>
<report_deadline>4000000000</report_deadline>
</result>
"
        )
    }
}
