// Looking into JSON values: filling in what was saved, following a pointer, comparing. No I/O.

package shenhai.scenario

import java.math.BigDecimal
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull

private val WHOLE = Regex("""^\$\{([^}]+)}$""")
private val PART = Regex("""\$\{([^}]+)}""")

/** [value] with every `${name}` in its texts replaced; a text that is nothing else takes the value itself. */
fun fill(value: JsonElement, saved: Map<String, JsonElement>): JsonElement = when (value) {
    is JsonObject -> JsonObject(value.mapValues { fill(it.value, saved) })
    is JsonArray -> JsonArray(value.map { fill(it, saved) })
    is JsonPrimitive -> if (value.isString) fillText(value.content, saved) else value
}

private fun fillText(text: String, saved: Map<String, JsonElement>): JsonElement {
    val whole = WHOLE.matchEntire(text)
    if (whole != null) return lookUp(whole.groupValues[1], saved)
    return JsonPrimitive(PART.replace(text) { Regex.escapeReplacement(inText(lookUp(it.groupValues[1], saved))) })
}

private fun lookUp(name: String, saved: Map<String, JsonElement>): JsonElement =
    saved[name] ?: error("nothing was saved as $name")

private fun inText(value: JsonElement): String =
    if (value is JsonPrimitive) value.content else value.toString()

/** The value at a JSON pointer (RFC 6901) such as `/items/0/id`. */
fun at(value: JsonElement, pointer: String): JsonElement =
    pointer.split('/').drop(1).map { it.replace("~1", "/").replace("~0", "~") }.fold(value) { place, key ->
        val next = when (place) {
            is JsonObject -> place[key]
            is JsonArray -> key.toIntOrNull()?.let(place::getOrNull)
            is JsonPrimitive -> null
        }
        next ?: error("no $pointer in $value")
    }

/**
 * Where and how [got] falls short of [expected], or null. Objects: every expected field (`null` also matches a
 * missing one). Lists: same length, item by item. `{"$contains": x}`: a list with an item that matches.
 * `{"$present": true}`: anything but null. Everything else: equal, numbers by value.
 */
fun mismatch(expected: JsonElement, got: JsonElement, path: String = ""): String? = when (expected) {
    is JsonObject -> fieldsMismatch(expected, got, path)
    is JsonArray ->
        if (got is JsonArray && got.size == expected.size) {
            expected.indices.firstNotNullOfOrNull { mismatch(expected[it], got[it], "$path/$it") }
        } else {
            short(path, expected, got)
        }
    is JsonPrimitive ->
        if (got is JsonPrimitive && plain(expected) == plain(got)) null else short(path, expected, got)
}

private fun fieldsMismatch(expected: JsonObject, got: JsonElement, path: String): String? {
    val wanted = expected["\$contains"]
    return when {
        "\$present" in expected -> if (got is JsonNull) short(path, "something", got) else null
        wanted != null -> {
            val found = got is JsonArray && got.any { mismatch(wanted, it) == null }
            if (found) null else short(path, "an item like $wanted", got)
        }
        got is JsonObject -> expected.firstNotNullOfOrNull { (name, value) ->
            mismatch(value, got[name] ?: JsonNull, "$path/$name")
        }
        else -> short(path, expected, got)
    }
}

private fun short(path: String, expected: Any, got: JsonElement) = "$path: expected $expected, got $got"

/** A text, a number, a truth value or null as Kotlin's own. */
fun plain(value: JsonElement): Any? = when {
    value is JsonNull -> null
    value !is JsonPrimitive -> error("not a plain value: $value")
    value.isString -> value.content
    else -> value.booleanOrNull ?: BigDecimal(value.content).stripTrailingZeros()
}

/** The text in a field of an object. */
fun JsonObject.text(name: String): String = (getValue(name) as JsonPrimitive).content
