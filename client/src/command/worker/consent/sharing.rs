//! With whom inputs are exchanged: asked once, after someone has agreed, and kept in the settings file.

use manyhands_worker::config::{Config, Mode};
use manyhands_worker::prefer;

use super::said;
use crate::failure::Failure;

const QUESTION: &str = "\
With whom may this machine exchange large inputs, so that the coordinator need not send them to each?
  off   nobody
  lan   workers of this network
  full  all volunteers of the project, who then see your network address
off, lan or full? [lan] ";

/// Asks until the answer is one, or there is none; the settings file and this run go by it.
pub(in crate::command::worker) fn choose(config: &mut Config) -> Result<(), Failure> {
    let chosen = loop {
        let answer = said(QUESTION)?.unwrap_or_default();
        match answer.trim() {
            "" => break Mode::default(),
            answer => {
                if let Ok(chosen) = mode(answer) {
                    break chosen;
                }
            }
        }
    };
    config.sharing.mode = chosen;
    prefer(config, "peers.mode", chosen.word()).map_err(Failure::failed)
}

/// Reads `off`, `lan` or `full`.
pub(in crate::command::worker) fn mode(text: &str) -> Result<Mode, String> {
    let modes = [Mode::Off, Mode::Lan, Mode::Full];
    let named = modes.into_iter().find(|mode| mode.word() == text);
    named.ok_or_else(|| format!("`{text}` is neither off, lan nor full"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_by_their_names() {
        assert_eq!(
            ["off", "lan", "full"].map(mode),
            [Ok(Mode::Off), Ok(Mode::Lan), Ok(Mode::Full)]
        );
        assert_eq!(mode("all"), Err("`all` is neither off, lan nor full".to_owned()));
    }
}
