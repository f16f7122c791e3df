/* configs.js - a run's whole configuration, beside another's. */
const configs = { run: 0, other: -1, is_all: false };

/* The values of all runs but this one, as far as they differ from its own. */
function others_of(run, key) {
    const own = key_value(run, key.key);
    const rest = configs.other >= 0 ? [report.runs[configs.other]] : report.runs;
    const values = new Set(rest.map(r => key_value(r, key.key)).filter(v => v !== undefined && v !== own));
    return [...values].slice(0, VALUES_SHOWN).join(", ") + (values.size > VALUES_SHOWN ? ", ..." : "");
}

function draw_config() {
    const run = report.runs[configs.run], rows = [];
    let section = "", n_differing = 0;
    configs.facts.replaceChildren(el("dt", {}, "folder"), el("dd", {}, run.path),
        el("dt", {}, "status"), el("dd", {}, run.status + (run.note ? "; " + run.note : "")),
        ...(run.measured ? [el("dt", {}, "measured by"), el("dd", {}, run.measured)] : []),
        ...(run.maps_note ? [el("dt", {}, "no maps"), el("dd", {}, run.maps_note)] : []));
    for (const key of report.keys) {
        const other = run.config ? others_of(run, key) : "", [name] = key.key.split(".");
        n_differing += other !== "";
        if (!run.config || !(configs.is_all || other))
            continue;
        if (name !== section)
            rows.push(el("tr", {}, el("th", { colspan: 3, scope: "rowgroup" }, "[" + name + "]")));
        section = name;
        const value = key_value(run, key.key);
        rows.push(el("tr", { class: other ? "odd-one" : null },
            el("th", { scope: "row", title: key.help }, el("code", {}, key.key.slice(name.length + 1))),
            el("td", { class: "text" }, value === "" ? "(empty)" : value, value === key.default
                ? el("span", { class: "quiet" }, " (default)") : ""),
            el("td", { class: "text" }, other)));
    }
    configs.body.replaceChildren(...rows);
    configs.told.textContent = !run.config ? "Its settings are not known: " + run.note
        : n_differing ? n_differing + " of " + report.keys.length + " settings differ."
        : "No setting differs.";
}

function choose_config(run) {
    configs.run = report.runs.indexOf(run);
    configs.select.querySelector("select").value = String(configs.run);
    draw_config();
}

function make_configs(section) {
    const names = report.runs.map((r, i) => [String(i), r.name]);
    configs.facts = el("dl", {});
    configs.body = el("tbody", {});
    configs.told = el("p", { "aria-live": "polite" });
    configs.select = select_of("run", names, "0", v => { configs.run = +v; draw_config(); });
    section.append(el("div", { class: "controls" }, configs.select,
        select_of("held against", [["-1", "all others"], ...names], "-1",
            v => { configs.other = +v; draw_config(); }),
        check_of("every setting, not what differs alone", false, v => { configs.is_all = v; draw_config(); })),
        configs.facts, configs.told,
        el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {},
            el("th", { scope: "col" }, "key"), el("th", { scope: "col" }, "value"),
            el("th", { scope: "col" }, "others have"))), configs.body)));
    draw_config();
    return true;
}
