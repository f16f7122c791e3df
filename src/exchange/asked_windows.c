/* asked_windows.c - which layers of a config.json have a window (family.h). */
#include <stdio.h>
#include <string.h>

#include "exchange/family.h"

void asked_window_types(struct windows *w, struct asked *a, const char *key,
                        const char *has, const char *has_not)
{
    const struct json_value *list = asked_find(a, key);
    char want[128];
    if (!list)
        return;
    snprintf(want, sizeof want, "want %s or %s of each of %td layers", has,
             has_not, w->layers);
    if (json_value_length(list) != w->layers) {
        asked_wrong(a, key, want);
        return;
    }
    for (idx i = 0; i < w->layers && i < KEY_LIST_MAX; i++) {
        const char *text = "";
        bool is_text = json_take_text(&text, json_value_at(list, i));
        w->has[i] = is_text && !strcmp(text, has);
        if (!w->has[i] && strcmp(text, has_not) != 0)
            asked_wrong(a, key, want);
    }
}

/* One that is as long as the context hides nothing. */
void asked_put_windows(struct asked *a, const struct windows *w)
{
    char list[FAMILY_SETTING_MAX / 2] = "";
    idx n = 0, layers = idx_min(w->layers, KEY_LIST_MAX);
    for (idx i = 0; i < layers; i++) {
        size_t at = strlen(list);
        if (!w->has[i])
            continue;
        snprintf(list + at, sizeof list - at, n ? ",%td" : "%td", i);
        n++;
    }
    if (n == 0 || w->size < 1 ||
        w->size >= asked_count(a, "max_position_embeddings", 0))
        return;
    asked_put(a, "attention.window=%td", w->size);
    if (n < layers)
        asked_put(a, "attention.window_layers=%s", list);
}
