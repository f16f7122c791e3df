/* main.js - read, and make one section after the other. */
function count_in_words() {
    const h = report.head, n = report.runs.length, runs = n + (n === 1 ? " run" : " runs");
    const keys = h.keys.length ? h.keys.join(", ") : "nothing that changes numbers";
    return h.single ? runs + "; they differ in " + keys + "."
        : runs + " in " + report.groups.length + (report.groups.length === 1 ? " group" : " groups") +
          "; groups differ in " + keys + (h.over.length ? "; averaged over " + h.over.join(", ") : "") + ".";
}

/* What was compared, and in what it differs: a tab among many says which. */
function title_of_page() {
    const h = report.head, few = h.folders.slice(0, 3).join(", ");
    return few + (h.folders.length > 3 ? " and " + (h.folders.length - 3) + " more" : "") + " compared" +
        (h.keys.length ? " by " + h.keys.map(k => k.split(".").pop()).join(", ") : "");
}

function make_lines(section, lines) {
    section.append(el("pre", {}, lines.join("\n")));
    return lines.length > 0;
}

const PARTS = [["claims", section => make_lines(section, report.head.claims)],
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
    report.groups.slice(0, SHOWN_AT_FIRST).forEach(g => chosen.groups.add(g.number));
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
