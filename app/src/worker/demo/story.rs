//! Owns the story: orders, payments, parcels and agent runs that go on side by side, each event caused by one before it.

use causeway::coordinate::{Coordinate, CoordinateError};
use causeway::id::{CausationId, CorrelationId, EventId};
use causeway::store::{AppendOptions, AppendReceipt, Open, Store, StoreError};

use crate::worker::demo::events::{
    CustomerRegistered, OrderCancelled, OrderCompleted, OrderLine, OrderPlaced, ParcelDelivered,
    ParcelShipped, Payload, PaymentCaptured, PaymentFailed, PaymentRequested, RunFinished, RunStarted,
    StockReserved, ToolCalled, ToolReturned,
};

/// Threads of the story that go on side by side.
const STRANDS: usize = 12;

const NAMES: [&str; 9] = ["Ada", "Bela", "Chloé", "Дмитрий", "Esi", "Farid", "Grete", "星野", "Øyvind"];
const COUNTRIES: [&str; 5] = ["DE", "FR", "GH", "JP", "PT"];
const SKUS: [(&str, u64); 6] = [
    ("sku-teapot", 4900),
    ("sku-cup", 1250),
    ("sku-kettle", 7900),
    ("sku-tray", 2300),
    ("sku-sencha", 1800),
    ("sku-whisk", 1450),
];
const METHODS: [&str; 3] = ["card", "transfer", "wallet"];
const CARRIERS: [&str; 3] = ["Postbote", "Nordfracht", "Kurier 24"];
const REASONS: [&str; 3] = ["insufficient funds", "card expired", "limit of the day reached"];
const TASKS: [&str; 4] = [
    "summarise returns of last week",
    "answer ticket 4711",
    "propose a reorder of stock",
    "check address of parcel",
];
const TOOLS: [&str; 4] = ["search_orders", "read_document", "run_query", "send_mail"];

/// One run in so many goes round in circles: the same tool again and again.
const CIRCLES: u64 = 400;

/// A story that never ends. The same number of events before it gives the same events after it.
pub struct Story {
    random: Random,
    strands: Vec<Strand>,
    /// Orders, customers and runs that began so far.
    begun: u64,
}

/// One thread of the story: an order, a registration or a run of an agent.
struct Strand {
    /// Told from the end.
    beats: Vec<Beat>,
    correlation: Option<CorrelationId>,
    /// Events told so far.
    told: Vec<EventId>,
}

/// An event to come.
struct Beat {
    entity: String,
    scope: &'static str,
    payload: Payload,
    /// Which event of the strand caused it.
    cause: Option<usize>,
}

impl Story {
    /// A story that goes on after so many events.
    pub fn new(events: u64) -> Self {
        Self { random: Random(events), strands: Vec::new(), begun: events }
    }

    /// Appends the next event.
    ///
    /// # Errors
    /// Those of appending.
    pub fn tell(&mut self, store: &Store<Open>) -> Result<AppendReceipt, StoreError> {
        while self.strands.len() < STRANDS {
            let strand = self.begin();
            self.strands.push(strand);
        }
        let chosen = self.random.below(STRANDS as u64) as usize;
        let strand = &mut self.strands[chosen];
        let beat = strand.beats.pop().expect("a strand without beats is removed below");
        let coordinate = beat.coordinate()?;
        let receipt = beat.payload.append(store, &coordinate, strand.options(beat.cause))?;
        strand.told.push(receipt.event_id);
        strand.correlation.get_or_insert(receipt.event_id.into());
        if strand.beats.is_empty() {
            self.strands.swap_remove(chosen);
        }
        Ok(receipt)
    }

    fn begin(&mut self) -> Strand {
        self.begun += 1;
        let mut beats = match self.random.below(10) {
            0 => self.registration(),
            1..=3 => self.run(),
            _ => self.order(),
        };
        beats.reverse();
        Strand { beats, correlation: None, told: Vec::new() }
    }

    fn registration(&mut self) -> Vec<Beat> {
        let customer = format!("customer:{}", self.begun % 97 + 1);
        let name = self.random.word(&NAMES);
        let country = self.random.word(&COUNTRIES);
        vec![Beat::new(customer, "shop", CustomerRegistered { name, country }, None)]
    }

    fn order(&mut self) -> Vec<Beat> {
        let number = self.begun;
        let order = format!("order:{number}");
        let customer = format!("customer:{}", self.random.below(97) + 1);
        let lines: Vec<OrderLine> = (0..=self.random.below(3)).map(|_| self.line()).collect();
        let total_cents = lines.iter().map(|line| line.cents * u64::from(line.quantity)).sum();
        let (sku, quantity) = lines.first().map(|line| (line.sku.clone(), line.quantity)).unwrap_or_default();
        let left = self.random.below(200) as u32;
        let method = self.random.word(&METHODS);
        let payment = format!("payment:p-{number}");
        let mut beats = vec![
            Beat::new(order.clone(), "shop", OrderPlaced { customer, lines, total_cents }, None),
            Beat::new(
                format!("stock:{sku}"),
                "warehouse",
                StockReserved { order: order.clone(), quantity, left },
                Some(0),
            ),
            Beat::new(
                payment.clone(),
                "payments",
                PaymentRequested { order: order.clone(), amount_cents: total_cents, method },
                Some(0),
            ),
        ];
        if self.random.below(10) == 0 {
            let reason = self.random.word(&REASONS);
            let failed = PaymentFailed { order: order.clone(), reason: reason.clone() };
            beats.push(Beat::new(payment, "payments", failed, Some(2)));
            beats.push(Beat::new(order, "shop", OrderCancelled { reason }, Some(3)));
        } else {
            let captured = PaymentCaptured { order: order.clone(), amount_cents: total_cents };
            beats.push(Beat::new(payment, "payments", captured, Some(2)));
            beats.extend(self.delivery(number, total_cents));
        }
        beats
    }

    fn delivery(&mut self, number: u64, total_cents: u64) -> [Beat; 3] {
        let order = format!("order:{number}");
        let parcel = format!("parcel:{}", number * 7 + 1000);
        let carrier = self.random.word(&CARRIERS);
        let weight_grams = self.random.below(4000) as u32 + 200;
        let signed_by = self.random.word(&NAMES);
        let shipped = ParcelShipped { order: order.clone(), carrier, weight_grams };
        let delivered = ParcelDelivered { order: order.clone(), signed_by };
        [
            Beat::new(parcel.clone(), "logistics", shipped, Some(3)),
            Beat::new(parcel, "logistics", delivered, Some(4)),
            Beat::new(order, "shop", OrderCompleted { total_cents }, Some(5)),
        ]
    }

    fn line(&mut self) -> OrderLine {
        let (sku, cents) = *self.random.pick(&SKUS);
        OrderLine { sku: sku.to_owned(), quantity: self.random.below(3) as u32 + 1, cents }
    }

    fn run(&mut self) -> Vec<Beat> {
        let agent = format!("agent:run-{}", self.begun);
        let task = self.random.word(&TASKS);
        let model = "small-1".to_owned();
        let mut beats = vec![Beat::new(agent.clone(), "agents", RunStarted { task, model }, None)];
        let circles = self.random.below(CIRCLES) == 0;
        let tool_calls = self.random.below(if circles { 60 } else { 5 }) as u32 + 1;
        for _ in 0..tool_calls {
            let tool = if circles { TOOLS[0].to_owned() } else { self.random.word(&TOOLS) };
            let arguments = format!("limit={}", self.random.below(50) + 1);
            let called = beats.len();
            beats.push(Beat::new(
                agent.clone(),
                "agents",
                ToolCalled { tool: tool.clone(), arguments },
                Some(called - 1),
            ));
            let returned =
                ToolReturned { tool, ok: self.random.below(12) != 0, bytes: self.random.below(9000) as u32 };
            beats.push(Beat::new(agent.clone(), "agents", returned, Some(called)));
        }
        let tokens = tool_calls * (self.random.below(1000) as u32 + 300);
        let answer = if circles { "gave up" } else { "done" }.to_owned();
        let finished = RunFinished { answer, tool_calls, tokens, cost_cents: tokens / 100 };
        let last = beats.len() - 1;
        beats.push(Beat::new(agent, "agents", finished, Some(last)));
        beats
    }
}

impl Strand {
    fn options(&self, cause: Option<usize>) -> AppendOptions {
        let mut options = AppendOptions::new();
        if let Some(correlation) = self.correlation {
            options = options.with_correlation(correlation);
        }
        match cause.and_then(|cause| self.told.get(cause)) {
            Some(cause) => options.with_causation(CausationId::from(*cause)),
            None => options,
        }
    }
}

impl Beat {
    fn new(entity: String, scope: &'static str, payload: impl Into<Payload>, cause: Option<usize>) -> Self {
        Self { entity, scope, payload: payload.into(), cause }
    }

    fn coordinate(&self) -> Result<Coordinate, CoordinateError> {
        Coordinate::new(&self.entity, self.scope)
    }
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn word(&mut self, from: &[&str]) -> String {
        (*self.pick(from)).to_owned()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}
