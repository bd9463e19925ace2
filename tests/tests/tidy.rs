//! The rules of the house that a compiler does not know: floors, file sizes, and what the map says.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The engine's folders with their floors, read from the table in ARCHITECTURE.md.
fn floors() -> Vec<(String, u32)> {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = map.split("## Engine: floors").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut floors = Vec::new();
    for line in table.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(floor) = cells.get(1).and_then(|cell| cell.parse().ok()) else { continue };
        let folders =
            cells[2].split(',').filter_map(|cell| cell.trim().strip_prefix('`')?.strip_suffix("/`"));
        floors.extend(folders.map(|folder| (folder.to_owned(), floor)));
    }
    assert!(floors.len() >= 9, "{floors:?}");
    floors
}

fn floor_of(floors: &[(String, u32)], folder: &str) -> Option<u32> {
    floors.iter().find(|(name, _)| name == folder).map(|(_, floor)| *floor)
}

#[test]
fn engine_code_uses_only_its_own_floor_and_those_below() {
    let (floors, base) = (floors(), root().join("engine/src"));
    let mut climbing = Vec::new();
    for (path, text) in sources(&base) {
        let inside = path.strip_prefix(&base).unwrap();
        let own = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let Some(floor) = floor_of(&floors, own) else { continue };
        // Comments may point upward: who reads them looks for the door.
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        for part in code.split("crate::").skip(1) {
            let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if floor_of(&floors, &used).is_some_and(|above| above > floor) {
                climbing.push(format!("{} uses {used}", inside.display()));
            }
        }
    }
    assert!(climbing.is_empty(), "{climbing:#?}");
}

#[test]
fn every_folder_of_the_engine_stands_in_the_map() {
    let floors = floors();
    for entry in fs::read_dir(root().join("engine/src")).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(floor_of(&floors, &name).is_some(), "{name} is missing in ARCHITECTURE.md");
        }
    }
}

#[test]
fn files_stay_short_enough_to_hold_one_idea() {
    let long: Vec<_> = ["engine/src", "engine/macros/src", "app/src", "tests/src"]
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_source_file_says_in_its_first_line_what_it_owns() {
    let silent: Vec<_> = ["engine/src", "engine/macros/src", "app/src", "tests/src"]
        .iter()
        .flat_map(|folder| sources(&root().join(folder)))
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn panels_and_widgets_never_name_a_store() {
    let opening = ["Store<", "Store::", "open_read_only"];
    for folder in ["app/src/panels", "app/src/widgets", "app/src/view", "app/src/state"] {
        let folder = root().join(folder);
        let found =
            sources(&folder).into_iter().find(|(_, text)| opening.iter().any(|word| text.contains(word)));
        assert!(found.is_none(), "{:?}", found.map(|(path, _)| path));
    }
}

/// The manifests of every crate of ours.
fn manifests() -> Vec<(PathBuf, String)> {
    let places = ["engine", "engine/macros", "app", "tests", "tests/renamed", "tests/peer", "tests/fuzz"];
    let paths = places.iter().map(|place| root().join(place).join("Cargo.toml")).filter(|path| path.exists());
    let read = |path: PathBuf| fs::read_to_string(&path).map(|text| (path, text)).unwrap();
    paths.map(read).collect()
}

#[test]
fn no_crate_of_ours_contains_unsafe_code() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    for (path, text) in manifests() {
        let forbids = text.contains("[lints]\nworkspace = true") || text.contains("unsafe_code = \"forbid\"");
        // What stands outside of the workspace has no lints of its own: there the sources are looked at.
        let inside = path.parent().unwrap();
        let word = ["unsa", "fe "].concat();
        let is_safe = |text: &str| {
            !text
                .lines()
                .any(|line| line.trim_start().starts_with(&word) || line.contains(&format!(" {word}{{")))
        };
        let sources: Vec<_> = sources(inside)
            .into_iter()
            .filter(|(path, _)| !path.starts_with(inside.join("target")))
            .collect();
        let safe = sources.iter().all(|(_, text)| is_safe(text));
        assert!(forbids || safe, "{}", path.display());
    }
    assert!(manifests().len() >= 6);
}

#[test]
fn a_release_checks_arithmetic_as_the_tests_do() {
    for manifest in ["Cargo.toml", "tests/peer/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let release = text.split("[profile.release]").nth(1).unwrap().split("\n[").next().unwrap();
        assert!(release.contains("overflow-checks = true") && !release.contains("panic"), "{manifest}");
    }
}

#[test]
fn the_engine_maps_no_file_and_opens_no_connection() {
    let manifest = fs::read_to_string(root().join("engine/Cargo.toml")).unwrap();
    assert!(!manifest.contains("memmap"));
    for (path, text) in sources(&root().join("engine/src")) {
        assert!(!text.contains("std::net") && !text.contains("mmap("), "{}", path.display());
    }
}
