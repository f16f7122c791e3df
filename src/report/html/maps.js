/* maps.js - the arrays of analysis.h5: layers and heads at a step, or over
 * training; and curves over positions or depths. */
const AT_ONCE = 12; /* maps side by side */

/* The owners that are shown: of each group its first run, all of them, or their
 * mean. */
function owners_of(state) {
    const groups = shown_groups(), have = o => map_of(o, state.name);
    return (state.runs === "first" ? groups.flatMap(g => counted_of(g).filter(have).slice(0, 1))
        : state.runs === "all" ? groups.flatMap(counted_of) : groups).filter(have);
}

/* "softmax, 0000-softmax-seed1" of one of several runs. */
function owner_name(owner) {
    const group = owner.kind === "run" && !report.head.single ? report.groups[owner.group] : null;
    return owner.label || (group && group.label !== owner.name ? group.label + ", " : "") + owner.name;
}

function steps_of(owners, name) {
    const all = new Set();
    for (const o of owners)
        map_of(o, name).steps.forEach(s => all.add(s));
    return [...all].sort((a, b) => a - b);
}

/* The last step of the map that is not behind the wanted one; -1: none. */
function step_at(map, step) {
    let i = map.steps.length - 1;
    while (i >= 0 && map.steps[i] > step)
        i--;
    return i;
}

/* Places of tokens count from 1 for people, as the k of sink_k does; all else
 * from 0. */
function place(map, axis, i) {
    const given = map.coordinates[axis];
    return (given ? given[i] : i) + (map.axes[axis] === "position" ? 1 : 0);
}

function coordinate(map, axis, i) {
    const at = place(map, axis, i);
    return map.coordinates[axis] ? show_tick(at, false) : String(at);
}

/* The least and the largest number of all that is shown, at any step. */
function range_of(owners, name) {
    let low = Infinity, high = -Infinity;
    for (const o of owners)
        for (const v of map_of(o, name).values)
            if (Number.isFinite(v)) {
                low = Math.min(low, v);
                high = Math.max(high, v);
            }
    if (low > high)
        return { low: 0, high: 0 };
    const share = column_of(name).share;
    return { low: share && low >= 0 ? 0 : low, high: share && low === 0 && high === 0 ? 1 : high };
}

/* Step slider: a row of controls, with state.step and a play button. */
function make_slider(state, redraw) {
    const slider = el("input", { type: "range", min: 0, step: 1, oninput: () => {
        state.step = state.steps[+slider.value];
        show();
        redraw();
    } });
    const told = el("output", {});
    const play = el("button", { type: "button", "aria-pressed": "false", onclick: () => {
        if (state.timer)
            stop();
        else {
            if (+slider.value === +slider.max)
                slider.value = 0;
            play.textContent = "Stop";
            play.setAttribute("aria-pressed", "true");
            state.timer = setInterval(next, 350);
        }
    } }, "Play");
    const show = () => {
        told.textContent = state.steps.length ? "step " + state.step.toLocaleString("en") : "";
        slider.setAttribute("aria-valuetext", told.textContent);
    };
    const stop = () => {
        clearInterval(state.timer);
        state.timer = null;
        play.textContent = "Play";
        play.setAttribute("aria-pressed", "false");
    };
    const next = () => {
        if (+slider.value >= +slider.max)
            return stop();
        slider.value = +slider.value + 1;
        slider.dispatchEvent(new Event("input"));
    };
    /* Other steps: stay where it was, or at the end. */
    state.set_steps = steps => {
        const at = steps.indexOf(state.step);
        state.steps = steps;
        slider.max = Math.max(0, steps.length - 1);
        slider.value = at >= 0 ? at : steps.length - 1;
        state.step = steps[+slider.value];
        show();
    };
    return el("div", { class: "controls" }, play, el("label", { class: "wide" }, "step", slider), told);
}

/* ---- layers and heads ---------------------------------------------------- */

/* A head of one seed is no head of another: a run each, as in figures. */
const heads = { name: null, runs: "first", over: false, pair: -1, third: 0, step: undefined, steps: [], cells: [] };

/* Which two axes are rows and columns: layers and heads where there are both,
 * else the last two, or what was chosen. */
function pairs_of(map) {
    const n = map.shape.length, pairs = [];
    for (let r = 0; r < n; r++)
        for (let c = r + 1; c < n; c++)
            pairs.push([r, c]);
    const usual = pairs.find(([r, c]) => map.axes[r] === "layer" && map.axes[c] === "head");
    return { pairs, pair: pairs[heads.pair] || usual || pairs[pairs.length - 1] };
}

/* The axis that is neither, of three; -1: none. */
function third_of(map) {
    const pair = pairs_of(map).pair;
    return map.axes.findIndex((_, i) => !pair.includes(i));
}

/* Rows and columns of a map: {rows, columns, at(row, column)}; at gives the
 * place in values. */
function grid_of(map) {
    const [R, C] = pairs_of(map).pair, third = third_of(map);
    const stride = map.shape.map((_, i) => map.shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const first = third < 0 ? 0 : stride[third] * Math.min(heads.third, map.shape[third] - 1);
    const names = axis => [...Array(map.shape[axis]).keys()].map(i => coordinate(map, axis, i));
    if (!heads.over)
        return { row_axis: map.axes[R], column_axis: map.axes[C], rows: names(R), columns: names(C),
                 at: (r, c) => step_at(map, heads.step) * map.inner + first + r * stride[R] + c * stride[C] };
    const n = map.shape[C];
    return { row_axis: map.axes[R] + "." + map.axes[C], column_axis: "step",
             row_words: map.axes[R] + " and " + map.axes[C] + " as " + names(R)[0] + "." + names(C)[0] +
                 " (" + map.axes[R] + " " + names(R)[0] + ", " + map.axes[C] + " " + names(C)[0] + ")",
             rows: names(R).flatMap(r => names(C).map(c => r + "." + c)),
             columns: map.steps.map(s => show_tick(s, false)),
             at: (r, c) => c * map.inner + first + Math.floor(r / n) * stride[R] + r % n * stride[C] };
}

/* What a map of three axes lets choose. */
function fill_choice(map) {
    const third = map ? third_of(map) : -1;
    heads.choice.replaceChildren();
    if (third < 0)
        return;
    const { pairs, pair } = pairs_of(map);
    heads.choice.append(
        select_of("rows, columns", pairs.map(([r, c], i) => [String(i), map.axes[r] + ", " + map.axes[c]]),
            String(pairs.indexOf(pair)), v => { heads.pair = +v; heads.third = 0; draw_maps(); }),
        select_of(map.axes[third], [...Array(map.shape[third]).keys()].map(i =>
            [String(i), coordinate(map, third, i)]), String(heads.third),
            v => { heads.third = +v; draw_maps(); }));
}

/* Labels that have room: all, or every so many. */
function few(labels, most) {
    const every = Math.ceil(labels.length / most);
    return labels.map((l, i) => i % every === 0 ? l : "");
}

function map_table(owner, map) {
    const grid = grid_of(map), is_small = grid.columns.length > 8 || grid.rows.length > 16;
    const cells = [], names = few(grid.columns, 8);
    const body = grid.rows.map((row, r) => el("tr", {}, el("th", { scope: "row" }, row),
        ...grid.columns.map((c, k) => {
            const cell = el("td", {});
            cell.where = grid.row_axis + " " + row + ", " + grid.column_axis + " " + c;
            cells.push({ cell, r, c: k });
            return cell;
        })));
    const caption = el("caption", {}, owner_name(owner));
    const table = el("table", {}, caption, el("thead", {}, el("tr", {},
        el("th", { rowspan: 2, scope: "col" }, grid.row_axis.split(".")[0]),
        el("th", { colspan: names.length, scope: "colgroup" }, grid.column_axis)), el("tr", {},
        ...names.map(c => el("th", { scope: "col" }, c)))), el("tbody", {}, ...body));
    const tell = event => {
        const td = event.target.closest("td");
        if (td)
            heads.told.textContent = caption.textContent + ": " + td.where + ": " + td.textContent;
    };
    heads.cells.push({ owner, map, grid, cells, caption });
    return el("div", { class: "map" + (is_small ? " small" : ""), onmouseover: tell, onclick: tell }, table);
}

/* The numbers of this step into the tables that are there. */
function colour_maps() {
    const column = column_of(heads.name), { low, high } = heads.range;
    for (const { owner, map, grid, cells, caption } of heads.cells) {
        const at = step_at(map, heads.step);
        caption.textContent = owner_name(owner) +
            (heads.over ? "" : at < 0 ? ", not yet" : ", step " + map.steps[at].toLocaleString("en"));
        for (const { cell, r, c } of cells) {
            const v = at < 0 && !heads.over ? NaN : map.values[grid.at(r, c)];
            const is_known = Number.isFinite(v);
            cell.className = is_known ? "" : "none";
            const s = shade(high > low ? (v - low) / (high - low) : 0);
            cell.style.background = is_known ? s.back : "";
            cell.style.color = is_known ? s.text : "";
            cell.textContent = is_known ? show_value(v, column).replace("\u00a0%", "") : "\u2013";
        }
    }
}

function draw_maps() {
    const owners = owners_of(heads), column = column_of(heads.name);
    const all = owners_of(heads).length, few_owners = owners.slice(0, AT_ONCE);
    heads.range = range_of(few_owners, heads.name);
    heads.set_steps(steps_of(few_owners, heads.name));
    heads.cells = [];
    heads.grid.replaceChildren(...few_owners.map(o => map_table(o, map_of(o, heads.name))));
    heads.slider.hidden = heads.over;
    const one = few_owners.length ? map_of(few_owners[0], heads.name) : null;
    fill_choice(one);
    heads.bar.replaceChildren(show_value(heads.range.low, column),
        el("span", { class: "bar", "aria-hidden": "true" }), show_value(heads.range.high, column));
    heads.bar.querySelector(".bar").style.background = "linear-gradient(90deg," +
        CIVIDIS.map(c => `rgb(${c})`).join() + ")";
    heads.caption.textContent = caption_of(column) + ". " +
        (one ? "Rows: " + (grid_of(one).row_words || grid_of(one).row_axis) + ", columns: " + grid_of(one).column_axis + ". " : "") +
        (report.head.single || !owners.length ? "" : heads.runs === "first"
            ? "Of each group its first run: heads of other seeds are other heads. "
            : heads.runs === "means" ? "Means over runs, although heads of other seeds are other heads. " : "") +
        (all > AT_ONCE ? "The first " + AT_ONCE + " of " + all + " that are shown. " : "") +
        (owners.length ? "" : "Nothing that is shown above has this map.");
    colour_maps();
}

function make_heads(section) {
    const shapes = name => report.runs.map(r => r.maps[name]).find(m => m);
    const names = report.head.maps.map(m => m.name).filter(n => shapes(n) && shapes(n).shape.length >= 2);
    if (!names.length)
        return false;
    heads.name = names.includes(report.head.metric) ? report.head.metric : names[0];
    heads.grid = el("div", { class: "maps" });
    heads.bar = el("p", { class: "scale" });
    heads.choice = el("span", { class: "controls" });
    heads.told = el("p", { class: "quiet", "aria-live": "off" }, "A cell under the pointer is told here.");
    heads.caption = el("p", { class: "quiet" });
    heads.slider = make_slider(heads, colour_maps);
    const controls = el("div", { class: "controls" },
        select_of("metric", column_options(names), heads.name, v => {
            Object.assign(heads, { name: v, pair: -1, third: 0 });
            draw_maps();
        }),
        heads.choice,
        check_of("all of training side by side", false, v => { heads.over = v; draw_maps(); }));
    if (!report.head.single)
        controls.append(select_of("runs", [["first", "the first of each group"], ["all", "all of them"],
            ["means", "means over them"]], heads.runs, v => { heads.runs = v; draw_maps(); }));
    section.append(controls, heads.slider, heads.bar, heads.told, heads.grid, heads.caption);
    const without = report.head.maps.map(m => m.name).filter(n => !shapes(n));
    const left = report.head.maps_left, kept = report.head.maps_steps;
    const most = Math.max(...report.runs.map(r => names.reduce((n, name) =>
        Math.max(n, r.maps[name] ? r.maps[name].steps.length : 0), 0)));
    section.append(el("p", { class: "quiet" }, "Numbers are kept to one part in 4094 of their range" +
        (most >= kept ? ", of each run at most " + kept + " steps" : "") +
        (left ? "; too large for this page: " + left : "") +
        (without.length ? "; without a number in any run, as no model has such a part or sequences have too few tokens: " +
            without.join(", ") : "") + ". All are in the runs' analysis.h5."));
    when_chosen(draw_maps);
    return true;
}

/* ---- over positions and depths ------------------------------------------- */

const places = { name: null, runs: "means", singles: false, step: undefined, steps: [], others: [], chart: null, log: false };

/* The axis that is drawn along: positions, else the last. */
function along(map) {
    const i = map.axes.indexOf("position");
    return i >= 0 ? i : map.axes.length - 1;
}

function profile_of(map, step) {
    const at = step_at(map, step), axis = along(map), points = [];
    if (at < 0)
        return points;
    let first = at * map.inner, stride = 1;
    for (let k = map.shape.length - 1, size = 1; k >= 0; size *= map.shape[k--])
        if (k === axis)
            stride = size;
        else
            first += size * Math.min(places.others[k] || 0, map.shape[k] - 1);
    for (let i = 0; i < map.shape[axis]; i++) {
        const x = place(map, axis, i), y = map.values[first + i * stride];
        points.push({ x, y: Number.isFinite(y) ? y : NaN });
    }
    return points;
}

/* A head of one seed is no head of another: of a chosen head a run each, as maps have it. */
function runs_of_places() {
    const one = report.runs.map(r => r.maps[places.name]).find(m => m);
    return places.singles ? "all" : one && one.axes.includes("head") ? "first" : "means";
}

function whose_profiles() {
    return report.head.single ? "" : places.runs === "all" ? ". All runs." : places.runs === "first"
        ? ". Of each group the first run, for a head of one seed is no head of another."
        : ". Means over the runs of a group.";
}

/* Where the first number along is largest at the last step, of all that are
 * shown: a head with a sink, where one has it. */
function largest_of(owners, name) {
    let most = -Infinity, best = null;
    for (const map of owners.map(o => map_of(o, name))) {
        const axis = along(map), first = (map.steps.length - 1) * map.inner;
        for (let i = 0; i < map.inner; i++) {
            const at = [], value = map.values[first + i];
            for (let k = map.shape.length - 1, rest = i; k >= 0; rest = Math.floor(rest / map.shape[k--]))
                at[k] = rest % map.shape[k];
            if (at[axis] === 0 && value > most)
                [most, best] = [value, at];
        }
    }
    return best;
}

/* What that is called. */
function opening_of(map) {
    const axis = along(map), others = map.axes.filter((a, k) => k !== axis);
    return others.length ? " At first of the " + others.join(" and ") + " with the largest number at " + map.axes[axis] +
        " " + coordinate(map, axis, 0) + " and the last step." : "";
}

function draw_profiles() {
    places.runs = runs_of_places();
    const column = column_of(places.name), owners = owners_of(places);
    const sets = owners.map(owner => {
        const group = owner.kind === "group" ? owner : report.groups[owner.group], look = look_of(group);
        const data = profile_of(map_of(owner, places.name), places.step);
        return { data, label: owner_name(owner), borderColor: look.colour, borderDash: look.dash,
                 pointBackgroundColor: look.hollow ? colour("back") : look.colour, pointStyle: look.mark,
                 pointRadius: data.length > 40 ? 2 : 4, borderWidth: owner.kind === "group" ? 2 : 1.2,
                 clip: 6 }; /* marks at the ends are whole */
    });
    const x = axis_style(), y = axis_style();
    const one = owners.length ? map_of(owners[0], places.name) : null;
    x.type = "linear";
    x.title = { display: true, text: one ? one.axes[along(one)].replace("position", "position, from 1") : "", color: colour("text") };
    x.ticks.precision = 0;
    /* from the first place to the last: there is no position 0 */
    const curves_of_two = sets.map(set => set.data).filter(data => data.length > 1);
    if (curves_of_two.length) {
        x.min = Math.min(...curves_of_two.map(data => data[0].x));
        x.max = Math.max(...curves_of_two.map(data => data[data.length - 1].x));
    }
    y.type = places.log ? "logarithmic" : "linear";
    y.title = { display: true, text: title_of(column, true), color: colour("text") };
    label_ticks(y, column.share);
    bound_share(y, column, sets.flatMap(d => d.data.map(p => p.y)));
    const options = { parsing: false, interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: { x, y }, plugins: { tooltip: { itemSort: (a, b) => b.parsed.y - a.parsed.y, callbacks: {
            title: p => p.length && one ? one.axes[along(one)] + " " + p[0].parsed.x : "",
            label: p => p.dataset.label + ": " + show_value(p.parsed.y, column) } } } };
    const data = { datasets: sets };
    if (places.chart)
        Object.assign(places.chart, { data, options }), places.chart.update();
    else
        places.chart = new Chart(places.canvas, { type: "line", data, options });
    places.caption.textContent = caption_of(column) + whose_profiles() + (one ? opening_of(one) : "");
    places.canvas.setAttribute("aria-label", column.name + " at step " + places.step + ", " +
        sets.length + " curves.");
}

/* Other steps and other axes come with another array. */
function choose_profile(name) {
    places.name = name;
    places.runs = runs_of_places();
    const owners = owners_of(places);
    places.set_steps(owners.length ? steps_of(owners, name) : []);
    const one = owners.length ? map_of(owners[0], name) : null;
    if (one && places.others_of !== name) {
        places.others = largest_of(owners, name) || one.shape.map(() => 0);
        places.others_of = name;
    }
    places.choice.replaceChildren(...(one ? one.axes : []).map((axis, k) => k === along(one) ? "" :
        select_of(axis, [...Array(one.shape[k]).keys()].map(i => [String(i), coordinate(one, k, i)]),
            String(places.others[k]), v => { places.others[k] = +v; draw_profiles(); })));
    draw_profiles();
}

function make_places(section) {
    const shapes = name => report.runs.map(r => r.maps[name]).find(m => m);
    const fits = m => m && (m.shape.length === 1 || m.axes.includes("position") || m.axes.includes("depth"));
    const names = report.head.maps.map(m => m.name).filter(n => fits(shapes(n)));
    if (!names.length)
        return false;
    const by_place = names.filter(n => shapes(n).axes.includes("position"));
    places.name = by_place.find(n => n.endsWith("_norm")) || by_place[0] || names[0];
    places.canvas = el("canvas", { role: "img" });
    places.caption = el("figcaption", {});
    places.choice = el("span", { class: "controls" });
    places.slider = make_slider(places, draw_profiles);
    const controls = el("div", { class: "controls" },
        select_of("metric", column_options(names), places.name, choose_profile), places.choice,
        check_of("logarithmic", false, v => { places.log = v; draw_profiles(); }));
    if (!report.head.single)
        controls.append(check_of("all runs", false, v => { places.singles = v; choose_profile(places.name); }));
    section.append(controls, places.slider,
        el("figure", {}, el("div", { class: "canvas" }, places.canvas), make_key(), places.caption));
    when_chosen(() => choose_profile(places.name));
    return true;
}
