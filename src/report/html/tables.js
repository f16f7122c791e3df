/* tables.js - tables that a click on a heading sorts, and what differs. */

/* A column: {head, is_number, of(row): value to sort by, show(row): text or
 * element}. */
function sortable(columns, rows, caption, look) {
    const body = el("tbody", {});
    let sorted = -1, is_up = true;
    const fill = () => body.replaceChildren(...rows.map(row => el("tr", { class: row.odd ? "odd-one" : null },
        ...columns.map((c, i) => {
            const shown = c.show(row), text = shown.textContent || shown;
            const is_short = text.length <= 40 ? " short" : "";
            return i === 0 ? el("th", { scope: "row", class: is_short }, shown)
                : el("td", { "data-head": c.head, class: (c.is_number ? "number" : "text" + is_short) }, shown);
        }))));
    const order = (a, b) => {
        /* what is not there comes last, whichever way */
        const lacks = v => v === null || v === undefined || Number.isNaN(v);
        if (lacks(a) || lacks(b))
            return lacks(a) - lacks(b);
        const by = typeof a === "number" && typeof b === "number" ? a - b
            : String(a).localeCompare(String(b), "en", { numeric: true });
        return is_up ? by : -by;
    };
    const heads = columns.map((c, i) => el("th", { scope: "col", class: c.is_number ? "number" : null },
        el("button", { type: "button", title: c.title || null, onclick: () => {
            is_up = sorted === i ? !is_up : !c.is_number;
            sorted = i;
            rows = rows.map((r, k) => [r, k]).sort((a, b) =>
                order(c.of(a[0]), c.of(b[0])) || a[1] - b[1]).map(r => r[0]);
            heads.forEach((h, k) => k === i
                ? h.setAttribute("aria-sort", is_up ? "ascending" : "descending")
                : h.removeAttribute("aria-sort"));
            fill();
        } }, c.head)));
    fill();
    /* above what scrolls, as wide as the page: a long one wraps */
    return el("div", {}, el("p", {}, el("strong", {}, caption)),
        el("div", { class: "scroll rows" + (look ? " " + look : ""), tabindex: 0, role: "region", "aria-label": caption },
            el("table", {}, el("thead", {}, el("tr", {}, ...heads)), body)));
}

/* ---- what differs -------------------------------------------------------- */

const VALUES_SHOWN = 12;

function list_values(key) {
    const values = [...new Set(report.runs.map(r => key_value(r, key)).filter(v => v !== undefined))];
    return values.slice(0, VALUES_SHOWN).map(v => key_words(key, v)).join(", ") +
        (values.length > VALUES_SHOWN ? ", ... (" + values.length + ")" : "");
}

/* ---- what can be told from seeds ----------------------------------------- */

function judged_columns() {
    const value = j => column_of(j.column);
    const difference = (v, j) => (v > 0 ? "+" : "") +
        show_value(v, value(j)).replace("%", "points"); /* of percent: no relative change */
    return [
        { head: "group", of: j => j.group, show: j => el("span", {}, swatch(report.groups[j.group]), " " +
            report.groups[j.group].label) },
        { head: "metric", of: j => j.column, show: j => j.column, title: "at the last step measured" },
        { head: "verdict", of: j => j.verdict, show: j => el(j.told ? "strong" : "span", {}, j.verdict) },
        { head: "difference", is_number: true, of: j => j.difference, show: j => j.difference === null
            ? "\u2013" : difference(j.difference, j) },
        { head: "95 % interval", is_number: true, of: j => j.low, show: j => j.low === null
            ? "\u2013" : difference(j.low, j) + " to " + difference(j.high, j) },
        { head: "p", is_number: true, of: j => j.p, show: j => j.p === null ? "\u2013"
            : j.p < 1e-4 ? j.p.toPrecision(2) : fixed(j.p, 1 - Math.min(0, Math.floor(Math.log10(j.p)))) },
        { head: "over", of: j => j.seeds, show: j => j.unlike || el("span", { title: j.test }, j.seeds) },
    ];
}

/* In a sentence, which is what most want to know. */
function judged_sentence() {
    const told = report.judged.filter(j => j.told), few = report.judged.filter(j => j.verdict.startsWith("too few"));
    const n = report.judged.filter(j => j.judged).length;
    if (few.length === report.judged.length)
        return "Too few seeds for this table, which judges pairs of equal seeds where there are any: no outcome of so few could tell a difference from " +
            "what seeds do. The intervals say how large it may be; a claim that was stated before may be decided by fewer.";
    return told.length + " of " + n + " differences that are judged " + (told.length === 1 ? "is" : "are") +
        " more than seeds make" + (few.length ? "; of " + few.length + " there are too few seeds to tell." : ".");
}

function make_judged(section) {
    const base = report.groups[report.head.base].label;
    const all = [sortable(judged_columns(), report.judged.slice(), "Differences from " + base, "cards"),
        el("pre", { class: "quiet" }, report.head.words.join("\n"))];
    section.append(el("h3", {}, "Can it be told from seeds?"), el("p", {}, judged_sentence()));
    if (report.head.claims.length && report.judged.some(j => j.seeds && j.seeds.includes("pair")))
        section.append(el("p", {}, "Claims take pairs of equal seeds only where these could decide them, and else compare all seeds of one " +
            "side with all of the other; this table takes pairs where there are any. So one difference may have another p in each."));
    if (report.judged.some(j => !j.verdict.startsWith("too few")))
        section.append(...all);
    else /* nothing but intervals */
        section.append(el("details", {}, el("summary", {}, "The intervals"), ...all));
}

function make_differs(section) {
    const keys = report.head.keys, over = report.head.over;
    if (keys.length)
        section.append(el("p", {}, report.head.single ? "The runs differ in:" : "Groups differ in:"),
            el("ul", {}, ...keys.map(k => el("li", {}, el("code", {}, k), ": " + list_values(k)))));
    else
        section.append(el("p", {}, report.head.single ? "The runs do not differ in any setting that " +
            "changes numbers." : "There is one group: its runs differ in their seeds alone."));
    if (over.length)
        section.append(el("p", {}, "Averaged over: ", ...over.flatMap((k, i) =>
            [i ? "; " : "", el("code", {}, k), ": " + list_values(k)]), "."));
    if (report.judged.length)
        make_judged(section);
    if (report.head.single && report.runs.length > 1)
        section.append(el("p", {}, "Each is a single run: what differs between them at the end may come from " +
            "their seeds alone. Runs of several seeds each, as a sweep makes them, tell the two apart."));
    return true;
}

/* ---- runs and groups ----------------------------------------------------- */

const columns_shown = new Set();

function final_column(name) {
    const column = column_of(name);
    return { head: name + (column.unit ? ", " + column.unit : ""), is_number: true,
             title: column.definition + (column.measured ? " (" + column.measured + ")" : ""),
             of: o => { const last = final_of(o, name); return last ? last.value : null; },
             show: o => {
                 const last = final_of(o, name);
                 const spread = last && o.kind === "group" ? show_spread(last.spread, column) : "";
                 return last ? show_value(last.value, column) + (spread ? " " + spread : "") : "\u2013";
             } };
}

function key_column(key) {
    const value = o => key_value(o.kind === "group" ? o.members[0] : o, key);
    const is_all = report.runs.every(r => key_value(r, key) === undefined || is_number(key_value(r, key)));
    return { head: key, is_number: is_all,
             of: o => value(o) === undefined ? null : is_all ? Number(value(o)) : value(o),
             show: o => value(o) === undefined ? "\u2013" : key_words(key, value(o)) };
}

const GONE_WORDS = "; emerged (in brackets): gone again at the end";

function is_gone(o) {
    return o.kind === "run" ? o.gone === true : o.emerged.gone > 0 && o.emerged.gone === o.emerged.n;
}

function emerged_column() {
    const marked = (o, text) => is_gone(o) ? "(" + text + ")" : text;
    return { head: "emerged at step", is_number: true,
             title: "first step with " + report.head.metric + " beyond the threshold (see the notes)",
             of: o => o.kind === "group" ? o.emerged.mean : o.emerged,
             show: o => {
                 if (o.kind === "run")
                     return o.emerged === undefined ? "\u2013" : marked(o, show_number(o.emerged, 0));
                 const x = o.emerged;
                 return x.n ? marked(o, show_number(x.mean, 0) + (x.n > 1 ? " \u00b1\u00a0" + show_number(x.spread, 0) : "")) +
                     " in " + x.n + "/" + x.of : "\u2013";
             } };
}

function draw_tables(place) {
    const h = report.head, names = h.columns.map(c => c.name).filter(n => columns_shown.has(n));
    const emerged = h.asked ? [emerged_column()] : [], is_first = n => n === h.loss || n === h.metric;
    /* what is compared beside the name, however many keys there are */
    const first = names.filter(is_first).map(final_column).concat(emerged);
    const rest = names.filter(n => !is_first(n)).map(final_column);
    const runs = [
        { head: "run", of: r => r.name, show: r => el("a", { href: "#configs",
            onclick: () => choose_config(r) }, r.name) },
        ...first, ...h.keys.concat(h.over).map(key_column),
        { head: "status", of: r => r.status, show: r => r.status + (r.counts ? "" : ", not averaged") },
        { head: "step", is_number: true, of: r => r.step, show: r => show_number(r.step, 0) },
        ...rest];
    const groups = [
        { head: "group", of: g => g.label, show: g => el("span", {}, swatch(g), " " + g.label) },
        { head: "n", is_number: true, of: g => g.counted, show: g => String(g.counted) },
        ...first, ...h.keys.map(key_column),
        { head: "status", of: g => g.status, show: g => g.status },
        ...rest];
    place.replaceChildren(...(h.single ? [] : [sortable(groups, report.groups.slice(),
        "Groups: means over n runs, \u00b1 sample standard deviation, at the last step that all measured" +
        (h.asked && report.groups.some(is_gone) ? GONE_WORDS + " in all of them" : ""))]),
        sortable(runs, report.runs.slice(), "Runs, at the last step measured" +
            (h.asked && report.runs.some(is_gone) ? GONE_WORDS : "")));
}

function make_tables(section) {
    const h = report.head, usual = [h.loss, h.metric, "val_excess", "first_mass_raw", "sink_bias", "row_sum",
        "hidden_max", "value_ratio"];
    usual.forEach(n => columns_shown.add(n));
    const place = el("div", {});
    section.append(el("details", {}, el("summary", {}, "Columns"), el("div", { class: "controls" },
        ...h.columns.map(c => check_of(c.name, columns_shown.has(c.name), on => {
            columns_shown[on ? "add" : "delete"](c.name);
            draw_tables(place);
        })))), place);
    draw_tables(place);
    when_chosen(() => draw_tables(place));
    return true;
}
