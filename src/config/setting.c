#include "config/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool setting_split(char text[SETTING_MAX], char **name, char **value,
                   const char *word)
{
    int n = snprintf(text, SETTING_MAX, "%s", word);
    char *equals = strchr(text, '=');
    if (!equals || n >= SETTING_MAX)
        return false;
    *equals = '\0';
    *name = text_trim(text);
    *value = text_trim(equals + 1);
    return true;
}

struct config_key setting_key(const char *word)
{
    char text[SETTING_MAX], *name, *value;
    return setting_split(text, &name, &value, word) ? config_key_find(name)
                                                    : (struct config_key){ 0 };
}

bool setting_read(struct config *c, const char *const *words, idx n,
                  const char *key)
{
    const struct config_key k = config_key_find(key);
    char text[SETTING_MAX], *name, *value;
    while (n-- > 0)
        if (setting_split(text, &name, &value, words[n]) &&
            strcmp(name, key) == 0)
            return key_parse(k.key, (char *)c + k.section->offset, value,
                             ERR_IGNORED) == OK;
    return false;
}
