//! The characters of the icon font, by the name of what they show.
//!
//! Never says what an icon is used for.

/// `magnifying glass`.
pub const MAGNIFYING_GLASS: char = '\u{E30C}';
/// `caret down`.
pub const CARET_DOWN: char = '\u{E136}';
/// `caret right`.
pub const CARET_RIGHT: char = '\u{E13A}';
/// `caret left`.
pub const CARET_LEFT: char = '\u{E138}';
/// `caret up`.
pub const CARET_UP: char = '\u{E13C}';
/// `lock simple`.
pub const LOCK_SIMPLE: char = '\u{E308}';
/// `lock simple open`.
pub const LOCK_SIMPLE_OPEN: char = '\u{E30A}';
/// `lock key`.
pub const LOCK_KEY: char = '\u{E2FE}';
/// `shield check`.
pub const SHIELD_CHECK: char = '\u{E40C}';
/// `shield warning`.
pub const SHIELD_WARNING: char = '\u{E412}';
/// `seal check`.
pub const SEAL_CHECK: char = '\u{E606}';
/// `database`.
pub const DATABASE: char = '\u{E1DE}';
/// `hard drives`.
pub const HARD_DRIVES: char = '\u{E2A0}';
/// `folder open`.
pub const FOLDER_OPEN: char = '\u{E256}';
/// `folder`.
pub const FOLDER: char = '\u{E24A}';
/// `plus`.
pub const PLUS: char = '\u{E3D4}';
/// `minus`.
pub const MINUS: char = '\u{E32A}';
/// `x`.
pub const X: char = '\u{E4F6}';
/// `check`.
pub const CHECK: char = '\u{E182}';
/// `warning`.
pub const WARNING: char = '\u{E4E0}';
/// `warning circle`.
pub const WARNING_CIRCLE: char = '\u{E4E2}';
/// `x circle`.
pub const X_CIRCLE: char = '\u{E4F8}';
/// `check circle`.
pub const CHECK_CIRCLE: char = '\u{E184}';
/// `info`.
pub const INFO: char = '\u{E2CE}';
/// `question`.
pub const QUESTION: char = '\u{E3E8}';
/// `gear six`.
pub const GEAR_SIX: char = '\u{E272}';
/// `play`.
pub const PLAY: char = '\u{E3D0}';
/// `pause`.
pub const PAUSE: char = '\u{E39E}';
/// `skip back`.
pub const SKIP_BACK: char = '\u{E5A4}';
/// `skip forward`.
pub const SKIP_FORWARD: char = '\u{E5A6}';
/// `fast forward`.
pub const FAST_FORWARD: char = '\u{E6A6}';
/// `rewind`.
pub const REWIND: char = '\u{E6A8}';
/// `arrow right`.
pub const ARROW_RIGHT: char = '\u{E06C}';
/// `arrow left`.
pub const ARROW_LEFT: char = '\u{E058}';
/// `arrow up`.
pub const ARROW_UP: char = '\u{E08E}';
/// `arrow down`.
pub const ARROW_DOWN: char = '\u{E03E}';
/// `arrow bend down right`.
pub const ARROW_BEND_DOWN_RIGHT: char = '\u{E01A}';
/// `arrow elbow down right`.
pub const ARROW_ELBOW_DOWN_RIGHT: char = '\u{E046}';
/// `tree structure`.
pub const TREE_STRUCTURE: char = '\u{E67C}';
/// `graph`.
pub const GRAPH: char = '\u{EB58}';
/// `git branch`.
pub const GIT_BRANCH: char = '\u{E278}';
/// `git fork`.
pub const GIT_FORK: char = '\u{E27E}';
/// `list`.
pub const LIST: char = '\u{E2F0}';
/// `rows`.
pub const ROWS: char = '\u{E5A2}';
/// `table`.
pub const TABLE: char = '\u{E476}';
/// `squares four`.
pub const SQUARES_FOUR: char = '\u{E464}';
/// `funnel`.
pub const FUNNEL: char = '\u{E266}';
/// `funnel simple`.
pub const FUNNEL_SIMPLE: char = '\u{E268}';
/// `bookmark simple`.
pub const BOOKMARK_SIMPLE: char = '\u{E0EA}';
/// `tag`.
pub const TAG: char = '\u{E478}';
/// `cube`.
pub const CUBE: char = '\u{E1DA}';
/// `cube focus`.
pub const CUBE_FOCUS: char = '\u{ED0A}';
/// `stack`.
pub const STACK: char = '\u{E466}';
/// `clock`.
pub const CLOCK: char = '\u{E19A}';
/// `clock counter clockwise`.
pub const CLOCK_COUNTER_CLOCKWISE: char = '\u{E1A0}';
/// `timer`.
pub const TIMER: char = '\u{E492}';
/// `pulse`.
pub const PULSE: char = '\u{E000}';
/// `lightning`.
pub const LIGHTNING: char = '\u{E2DE}';
/// `copy`.
pub const COPY: char = '\u{E1CA}';
/// `copy simple`.
pub const COPY_SIMPLE: char = '\u{E1CC}';
/// `link`.
pub const LINK: char = '\u{E2E2}';
/// `link simple`.
pub const LINK_SIMPLE: char = '\u{E2E6}';
/// `arrow square out`.
pub const ARROW_SQUARE_OUT: char = '\u{E5DE}';
/// `dots three`.
pub const DOTS_THREE: char = '\u{E1FE}';
/// `dots three vertical`.
pub const DOTS_THREE_VERTICAL: char = '\u{E208}';
/// `key`.
pub const KEY: char = '\u{E2D6}';
/// `eye`.
pub const EYE: char = '\u{E220}';
/// `eye slash`.
pub const EYE_SLASH: char = '\u{E224}';
/// `brackets curly`.
pub const BRACKETS_CURLY: char = '\u{E860}';
/// `code`.
pub const CODE: char = '\u{E1BC}';
/// `terminal`.
pub const TERMINAL: char = '\u{E47E}';
/// `terminal window`.
pub const TERMINAL_WINDOW: char = '\u{EAE8}';
/// `note pencil`.
pub const NOTE_PENCIL: char = '\u{E34C}';
/// `pencil simple`.
pub const PENCIL_SIMPLE: char = '\u{E3B4}';
/// `trash`.
pub const TRASH: char = '\u{E4A6}';
/// `package`.
pub const PACKAGE: char = '\u{E390}';
/// `credit card`.
pub const CREDIT_CARD: char = '\u{E1D2}';
/// `shopping cart`.
pub const SHOPPING_CART: char = '\u{E41E}';
/// `robot`.
pub const ROBOT: char = '\u{E762}';
/// `wrench`.
pub const WRENCH: char = '\u{E5D4}';
/// `chat text`.
pub const CHAT_TEXT: char = '\u{E17A}';
/// `envelope simple`.
pub const ENVELOPE_SIMPLE: char = '\u{E218}';
/// `user`.
pub const USER: char = '\u{E4C2}';
/// `sparkle`.
pub const SPARKLE: char = '\u{E6A2}';
/// `broadcast`.
pub const BROADCAST: char = '\u{E0F2}';
/// `plug`.
pub const PLUG: char = '\u{E946}';
/// `plugs connected`.
pub const PLUGS_CONNECTED: char = '\u{EB5A}';
/// `receipt`.
pub const RECEIPT: char = '\u{E3EC}';
/// `flask`.
pub const FLASK: char = '\u{E79E}';
/// `scales`.
pub const SCALES: char = '\u{E750}';
/// `crosshair simple`.
pub const CROSSHAIR_SIMPLE: char = '\u{E1D8}';
/// `corners out`.
pub const CORNERS_OUT: char = '\u{E1D0}';
/// `magnifying glass plus`.
pub const MAGNIFYING_GLASS_PLUS: char = '\u{E310}';
/// `magnifying glass minus`.
pub const MAGNIFYING_GLASS_MINUS: char = '\u{E30E}';
/// `push pin`.
pub const PUSH_PIN: char = '\u{E3E2}';
/// `flag`.
pub const FLAG: char = '\u{E244}';
/// `sidebar simple`.
pub const SIDEBAR_SIMPLE: char = '\u{EC24}';
/// `command`.
pub const COMMAND: char = '\u{E1C4}';
/// `hash`.
pub const HASH: char = '\u{E2A2}';
/// `at`.
pub const AT: char = '\u{E0AC}';
/// `file dashed`.
pub const FILE_DASHED: char = '\u{E704}';
/// `file archive`.
pub const FILE_ARCHIVE: char = '\u{EB2A}';
/// `arrows clockwise`.
pub const ARROWS_CLOCKWISE: char = '\u{E094}';
/// `arrow counter clockwise`.
pub const ARROW_COUNTER_CLOCKWISE: char = '\u{E038}';
/// `circle`.
pub const CIRCLE: char = '\u{E18A}';
/// `circle dashed`.
pub const CIRCLE_DASHED: char = '\u{E602}';
/// `square`.
pub const SQUARE: char = '\u{E45E}';
/// `diamond`.
pub const DIAMOND: char = '\u{E1EC}';
/// `triangle`.
pub const TRIANGLE: char = '\u{E4B0}';
/// `hexagon`.
pub const HEXAGON: char = '\u{E2AE}';
/// `stop`.
pub const STOP: char = '\u{E46C}';
/// `function`.
pub const FUNCTION: char = '\u{EBE4}';
/// `sigma`.
pub const SIGMA: char = '\u{EAB8}';
/// `chart line`.
pub const CHART_LINE: char = '\u{E154}';
/// `chart bar`.
pub const CHART_BAR: char = '\u{E150}';
/// `bug`.
pub const BUG: char = '\u{E5F4}';
/// `book open`.
pub const BOOK_OPEN: char = '\u{E0E6}';
/// `keyboard`.
pub const KEYBOARD: char = '\u{E2D8}';
/// `monitor`.
pub const MONITOR: char = '\u{E32E}';
/// `download simple`.
pub const DOWNLOAD_SIMPLE: char = '\u{E20C}';
/// `export`.
pub const EXPORT: char = '\u{EAF0}';
/// `columns`.
pub const COLUMNS: char = '\u{E546}';
/// `sliders horizontal`.
pub const SLIDERS_HORIZONTAL: char = '\u{E434}';
/// `swap`.
pub const SWAP: char = '\u{E83C}';
/// `prohibit`.
pub const PROHIBIT: char = '\u{E3DE}';

/// Every icon by name, for the gallery.
pub const ALL: &[(&str, char)] = &[
    ("magnifying glass", MAGNIFYING_GLASS),
    ("caret down", CARET_DOWN),
    ("caret right", CARET_RIGHT),
    ("caret left", CARET_LEFT),
    ("caret up", CARET_UP),
    ("lock simple", LOCK_SIMPLE),
    ("lock simple open", LOCK_SIMPLE_OPEN),
    ("lock key", LOCK_KEY),
    ("shield check", SHIELD_CHECK),
    ("shield warning", SHIELD_WARNING),
    ("seal check", SEAL_CHECK),
    ("database", DATABASE),
    ("hard drives", HARD_DRIVES),
    ("folder open", FOLDER_OPEN),
    ("folder", FOLDER),
    ("plus", PLUS),
    ("minus", MINUS),
    ("x", X),
    ("check", CHECK),
    ("warning", WARNING),
    ("warning circle", WARNING_CIRCLE),
    ("x circle", X_CIRCLE),
    ("check circle", CHECK_CIRCLE),
    ("info", INFO),
    ("question", QUESTION),
    ("gear six", GEAR_SIX),
    ("play", PLAY),
    ("pause", PAUSE),
    ("skip back", SKIP_BACK),
    ("skip forward", SKIP_FORWARD),
    ("fast forward", FAST_FORWARD),
    ("rewind", REWIND),
    ("arrow right", ARROW_RIGHT),
    ("arrow left", ARROW_LEFT),
    ("arrow up", ARROW_UP),
    ("arrow down", ARROW_DOWN),
    ("arrow bend down right", ARROW_BEND_DOWN_RIGHT),
    ("arrow elbow down right", ARROW_ELBOW_DOWN_RIGHT),
    ("tree structure", TREE_STRUCTURE),
    ("graph", GRAPH),
    ("git branch", GIT_BRANCH),
    ("git fork", GIT_FORK),
    ("list", LIST),
    ("rows", ROWS),
    ("table", TABLE),
    ("squares four", SQUARES_FOUR),
    ("funnel", FUNNEL),
    ("funnel simple", FUNNEL_SIMPLE),
    ("bookmark simple", BOOKMARK_SIMPLE),
    ("tag", TAG),
    ("cube", CUBE),
    ("cube focus", CUBE_FOCUS),
    ("stack", STACK),
    ("clock", CLOCK),
    ("clock counter clockwise", CLOCK_COUNTER_CLOCKWISE),
    ("timer", TIMER),
    ("pulse", PULSE),
    ("lightning", LIGHTNING),
    ("copy", COPY),
    ("copy simple", COPY_SIMPLE),
    ("link", LINK),
    ("link simple", LINK_SIMPLE),
    ("arrow square out", ARROW_SQUARE_OUT),
    ("dots three", DOTS_THREE),
    ("dots three vertical", DOTS_THREE_VERTICAL),
    ("key", KEY),
    ("eye", EYE),
    ("eye slash", EYE_SLASH),
    ("brackets curly", BRACKETS_CURLY),
    ("code", CODE),
    ("terminal", TERMINAL),
    ("terminal window", TERMINAL_WINDOW),
    ("note pencil", NOTE_PENCIL),
    ("pencil simple", PENCIL_SIMPLE),
    ("trash", TRASH),
    ("package", PACKAGE),
    ("credit card", CREDIT_CARD),
    ("shopping cart", SHOPPING_CART),
    ("robot", ROBOT),
    ("wrench", WRENCH),
    ("chat text", CHAT_TEXT),
    ("envelope simple", ENVELOPE_SIMPLE),
    ("user", USER),
    ("sparkle", SPARKLE),
    ("broadcast", BROADCAST),
    ("plug", PLUG),
    ("plugs connected", PLUGS_CONNECTED),
    ("receipt", RECEIPT),
    ("flask", FLASK),
    ("scales", SCALES),
    ("crosshair simple", CROSSHAIR_SIMPLE),
    ("corners out", CORNERS_OUT),
    ("magnifying glass plus", MAGNIFYING_GLASS_PLUS),
    ("magnifying glass minus", MAGNIFYING_GLASS_MINUS),
    ("push pin", PUSH_PIN),
    ("flag", FLAG),
    ("sidebar simple", SIDEBAR_SIMPLE),
    ("command", COMMAND),
    ("hash", HASH),
    ("at", AT),
    ("file dashed", FILE_DASHED),
    ("file archive", FILE_ARCHIVE),
    ("arrows clockwise", ARROWS_CLOCKWISE),
    ("arrow counter clockwise", ARROW_COUNTER_CLOCKWISE),
    ("circle", CIRCLE),
    ("circle dashed", CIRCLE_DASHED),
    ("square", SQUARE),
    ("diamond", DIAMOND),
    ("triangle", TRIANGLE),
    ("hexagon", HEXAGON),
    ("stop", STOP),
    ("function", FUNCTION),
    ("sigma", SIGMA),
    ("chart line", CHART_LINE),
    ("chart bar", CHART_BAR),
    ("bug", BUG),
    ("book open", BOOK_OPEN),
    ("keyboard", KEYBOARD),
    ("monitor", MONITOR),
    ("download simple", DOWNLOAD_SIMPLE),
    ("export", EXPORT),
    ("columns", COLUMNS),
    ("sliders horizontal", SLIDERS_HORIZONTAL),
    ("swap", SWAP),
    ("prohibit", PROHIBIT),
];
