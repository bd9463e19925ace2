//! What we build on comes from where `deny.toml` says, under licences it allows, and does not speak to a network.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The texts in quotation marks of a list in `deny.toml`: from the line that begins it to the one that ends it.
fn listed(rules: &str, list: &str) -> BTreeSet<String> {
    let from = rules.split_once(&format!("\n{list} = [")).unwrap_or_else(|| panic!("{list}")).1;
    let list = from.split_once(']').unwrap().0;
    let texts: BTreeSet<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!texts.is_empty());
    texts
}

/// True if one of the alternatives of an expression asks for nothing but what is allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|name| allowed.contains(name.trim())))
}

#[test]
fn every_package_comes_from_the_registry_with_a_checksum_and_none_speaks_to_a_network() {
    let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (registries, banned) = (listed(&rules, "allow-registry"), listed(&rules, "deny"));
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut foreign = 0;
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
            line.map(|text| text.trim_end_matches('"').to_owned())
        };
        let name = field("name").unwrap();
        assert!(!banned.contains(&name), "{name} speaks to a network");
        let Some(source) = field("source") else {
            assert!(name.starts_with("causeway"), "{name} has no source");
            continue;
        };
        foreign += 1;
        assert!(
            registries.iter().any(|registry| source == format!("registry+{registry}")),
            "{name}: {source}"
        );
        assert!(field("checksum").is_some_and(|sum| sum.len() == 64), "{name} has no checksum");
    }
    assert!(foreign > 100, "{foreign} packages");
}

#[test]
fn every_licence_is_one_that_is_allowed() {
    let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
    let mut allowed = listed(&rules, "allow");
    let fonts = ["OFL-1.1", "Ubuntu-font-1.0"];
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--locked", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    assert!(!is_allowed("GPL-3.0-only AND MIT", &allowed) && is_allowed("GPL-3.0-only OR MIT", &allowed));
    allowed.extend(fonts.map(str::to_owned));
    for package in packages {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or_default());
        assert!(is_allowed(licence, &allowed), "{name}: {licence:?}");
        let is_font = fonts.iter().any(|font| licence.contains(font));
        assert!(!is_font || rules.contains(&format!("crate = {name}")), "{name}: {licence}");
    }
}
