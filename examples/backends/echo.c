/* A backend with one room that says everything back, in C without a library; docs/writing-a-backend.md explains it.
 *
 *     cc -std=c99 -Wall -Wextra -Wpedantic -o echo echo.c
 *     kaiwa backend-check ./echo
 *
 * It decodes no strings: ids, contents and attachments go out as the JSON they came in as. Names of members are compared as
 * they are written, without escapes, which is how hosts write them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The longest request, in bytes: a picture, but not a host that has lost its way. */
#define LONGEST (16u * 1024u * 1024u)
/* So many messages are kept. */
#define KEPT 100u

#define ROOM "{\"id\":\"!general\",\"parent\":null,\"name\":\"general\",\"sendable\":true}"

/* A piece of JSON. */
typedef struct { const char *at; size_t length; } piece;

static char *messages[KEPT];
static unsigned long count;
/* What ids of messages begin with: hosts keep them, and the next start must not use them again. */
static char start[64];

static void die(const char *why)
{
    fprintf(stderr, "echo: %s\n", why);
    exit(1);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is(piece one, const char *text)
{
    return one.length == strlen(text) && memcmp(one.at, text, one.length) == 0;
}

/* Where it stands in a value: brackets count only outside of strings. */
typedef struct { bool in_string, escaped; size_t depth; } place;

static void step(place *p, char c)
{
    if (p->in_string) {
        if (p->escaped) p->escaped = false;
        else if (c == '\\') p->escaped = true;
        else if (c == '"') p->in_string = false;
    } else if (c == '"') {
        p->in_string = true;
    } else if (c == '{' || c == '[') {
        p->depth++;
    } else if ((c == '}' || c == ']') && p->depth > 0) {
        p->depth--;
    }
}

/* What stands before the next unquoted `until` or end of the whole, without spaces around it; `*at` then stands behind. */
static piece next(const char **at, const char *end, char until)
{
    place p = {false, false, 0};
    while (*at < end && is_space(**at)) ++*at;
    piece found = {*at, 0};
    while (*at < end && (p.in_string || p.depth > 0 || **at != until)) step(&p, *(*at)++);
    found.length = (size_t)(*at - found.at);
    while (found.length > 0 && is_space(found.at[found.length - 1])) found.length--;
    if (*at < end) ++*at;
    return found;
}

/* A member of an object; empty where there is none, or no object. */
static piece member(piece object, const char *name)
{
    piece none = {"", 0};
    if (object.length < 2 || object.at[0] != '{') return none;
    const char *at = object.at + 1, *end = object.at + object.length - 1;
    while (at < end) {
        piece key = next(&at, end, ':');
        piece value = next(&at, end, ',');
        if (is(key, name)) return value;
    }
    return none;
}

static void answer(piece number, const char *type, const char *value)
{
    printf("{\"sequence_number\":%.*s,\"body\":{\"type\":\"%s\",\"value\":%s}}\n",
           (int)number.length, number.at, type, value);
}

static void refuse(piece number, const char *why)
{
    char value[128];
    snprintf(value, sizeof value, "{\"message\":\"%s\",\"retry\":false}", why);
    answer(number, "Error", value);
}

/* Keeps a message and tells it. */
static void say(const char *sender, piece attachments, piece content)
{
    static const char form[] = "{\"id\":\"%s%lu\",\"sender\":\"%s\",\"recipient\":\"!general\",\"attachments\":%.*s,"
                               "\"content\":%.*s,\"create_time\":%lld000,\"edit_time\":%lld000}";
    long long now = (long long)time(NULL);
    size_t size = sizeof form + sizeof start + attachments.length + content.length + 100;
    char *message = malloc(size);
    if (!message) die("no memory");
    snprintf(message, size, form, start, count, sender, (int)attachments.length, attachments.at,
             (int)content.length, content.at, now, now);
    free(messages[count % KEPT]);
    messages[count++ % KEPT] = message;
    printf("{\"type\":\"MessageUpsert\",\"value\":%s}\n", message);
}

/* The number of a message that is kept; `count` where there is none. */
static unsigned long find(piece id)
{
    char name[100];
    for (unsigned long i = count > KEPT ? count - KEPT : 0; i < count; i++) {
        snprintf(name, sizeof name, "\"%s%lu\"", start, i);
        if (is(id, name)) return i;
    }
    return count;
}

static void send_message(piece number, piece new)
{
    piece attachments = member(new, "\"attachments\""), content = member(new, "\"content\"");
    if (!is(member(new, "\"recipient\""), "\"!general\"") || attachments.length < 2 || attachments.at[0] != '['
        || content.length < 2 || content.at[0] != '{') {
        refuse(number, "a message needs the recipient !general, attachments and a content");
        return;
    }
    char id[100];
    snprintf(id, sizeof id, "\"%s%lu\"", start, count);
    say("@me", attachments, content);
    say("@echo", attachments, content);
    answer(number, "MessageID", id);
}

static void take(piece request)
{
    piece number = member(request, "\"sequence_number\""), body = member(request, "\"body\"");
    piece type = member(body, "\"type\""), value = member(body, "\"value\"");
    if (number.length == 0 || strspn(number.at, "0123456789") < number.length) die("a request without a number");
    bool general = is(value, "\"!general\"");
    unsigned long message = find(value);

    if (is(type, "\"RoomLookup\"") && (is(value, "\"#general\"") || is(value, "\"general\""))) {
        answer(number, "RoomID", "\"!general\"");
    } else if (is(type, "\"RoomGet\"") && general) {
        answer(number, "Room", ROOM);
    } else if ((is(type, "\"RoomJoin\"") || is(type, "\"RoomLeave\"")) && general) {
        answer(number, "Success", "null");
    } else if (is(type, "\"MessageGet\"") && message < count) {
        answer(number, "Message", messages[message % KEPT]);
    } else if (is(type, "\"MessageGetBefore\"") && message < count) {
        for (unsigned long i = count > KEPT ? count - KEPT : 0; i < message; i++)
            printf("{\"type\":\"MessageUpsert\",\"value\":%s}\n", messages[i % KEPT]);
        answer(number, "Success", "null");
    } else if (is(type, "\"MessageSend\"")) {
        send_message(number, value);
    } else {
        refuse(number, "this is not possible here");
    }
}

int main(void)
{
    static char text[LONGEST];
    size_t length = 0;
    place p = {false, false, 0};

    snprintf(start, sizeof start, "m%lld.%ld.", (long long)time(NULL), (long)getpid());
    puts("{\"backend_name\":\"echo.c\",\"backend_version\":[0,1,0],\"protocol_version\":[0,1,0]}");
    fflush(stdout);
    /* Byte by byte: nothing stands between two requests, and nothing follows the last one until the host wants more. */
    for (int c; (c = getchar()) != EOF;) {
        if (p.depth == 0 && is_space((char)c)) continue;
        if (p.depth == 0 && c != '{') die("the host sends something that is no request");
        if (length == LONGEST) die("the host sends too much at once");
        text[length++] = (char)c;
        step(&p, (char)c);
        if (p.depth == 0) {
            piece request = {text, length};
            take(request);
            fflush(stdout);
            length = 0;
        }
    }
    if (length > 0) die("the host ended within a request");
    return 0;
}
