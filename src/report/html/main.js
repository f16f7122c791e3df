/* main.js - read, and make one section after the other. */
/* All of them, by section where they are many, as below compare's table. */
function keys_in_words(keys) {
    if (keys.length === report.head.title_keys.length)
        return keys.join(", ");
    const sections = new Map();
    for (const key of keys) {
        const [section, name] = key.split(".");
        sections.set(section, (sections.get(section) || []).concat(name));
    }
    return keys.length + " keys: " + [...sections].map(([s, names]) => "[" + s + "] " + names.join(", ")).join("; ");
}

function count_in_words() {
    const h = report.head, n = report.runs.length, runs = n + (n === 1 ? " run" : " runs");
    const keys = h.keys.length ? keys_in_words(h.keys) : "nothing that changes numbers";
    return h.single ? runs + "; they differ in " + keys + "."
        : runs + " in " + report.groups.length + (report.groups.length === 1 ? " group" : " groups") +
          "; groups differ in " + keys + (h.over.length ? "; averaged over " + h.over.join(", ") : "") + ".";
}

/* What was compared, and in what it differs: a tab among many says which. */
function title_of_page() {
    const h = report.head, few = h.folders.slice(0, 3).join(", "), more = h.keys.length - h.title_keys.length;
    return few + (h.folders.length > 3 ? " and " + (h.folders.length - 3) + " more" : "") + " compared" +
        (h.keys.length ? " by " + h.title_keys.map(k => k.split(".").pop()).join(", ") : "") +
        (more ? " and " + more + " more keys" : "");
}

function make_lines(section, lines) {
    if (lines.length)
        section.append(el("pre", {}, lines.join("\n")));
    return lines.length > 0;
}

/* A line of a claim begins with its verdict and the claim. */
function make_claims(section) {
    const lines = report.head.claims.map(line => line.match(/^(supported|contradicted|undecided): (.*?)(?:: (.*))?$/) || [line]);
    const claims = lines.filter(l => l.length > 1), rest = lines.filter(l => l.length === 1);
    if (claims.length)
        section.append(el("ul", { class: "claims" }, ...claims.map(([, verdict, claim, why]) =>
            el("li", {}, el("strong", {}, verdict + ": "), el("code", {}, claim), why ? ": " + why : ""))));
    if (claims.some(l => / in \d+ of \d+ \(/.test(l[3] || "")))
        section.append(el("p", { class: "quiet" }, "In brackets behind a number of seeds: the 95 % interval of their share."));
    return make_lines(section, rest.map(l => l[0])) || claims.length > 0;
}

const PARTS = [["claims", make_claims],
    ["differs", make_differs], ["curves", make_curves], ["finals", make_finals],
    ["heads", make_heads], ["places", make_places], ["runs", make_tables],
    ["configs", make_configs], ["notes", section => make_lines(section, report.head.notes)]];

function begin() {
    read_data(by_id("data").textContent);
    by_id("summary").textContent = count_in_words();
    document.title = title_of_page();
    document.querySelector("h1").textContent = document.title;
    by_id("maker").textContent = "Made by sinklab " + report.head.version + " (commit " +
        report.head.commit + ").";
    report.groups.slice(0, report.groups.length > ALL_MOST ? SHOWN_AT_FIRST : ALL_MOST)
        .forEach(g => chosen.groups.add(g.number));
    for (const [id, make] of PARTS) {
        const section = by_id(id);
        if (make(section) === false)
            continue;
        section.hidden = false;
        by_id("parts").append(el("li", {}, el("a", { href: "#" + id }, section.querySelector("h2").textContent)));
    }
    by_id("theme").addEventListener("click", next_theme);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell_chosen);
    /* On paper it is light, and as wide as the paper. */
    addEventListener("beforeprint", () => {
        by_id("theme").before_print = document.documentElement.dataset.theme || "";
        set_theme("light");
        Object.values(Chart.instances).forEach(c => c.resize());
    });
    addEventListener("afterprint", () => set_theme(by_id("theme").before_print));
    tell_chosen();
    document.documentElement.dataset.ready = "yes";
}

begin();
