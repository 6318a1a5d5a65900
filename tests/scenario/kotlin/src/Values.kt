// Looking into JSON values: filling in what was saved, finding a place, comparing. No I/O.

package shenhai.scenario

import java.math.BigDecimal
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull

private val WHOLE = Regex("""^\$\{(\w+)}$""")
private val PART = Regex("""\$\{(\w+)}""")

/** [value] with every `${name}` in its texts replaced; a text that is nothing else takes the value itself. */
fun fill(value: JsonElement, saved: Map<String, JsonElement>): JsonElement = when (value) {
    is JsonObject -> JsonObject(value.mapValues { fill(it.value, saved) })
    is JsonArray -> JsonArray(value.map { fill(it, saved) })
    is JsonPrimitive -> if (value.isString) fillText(value.content, saved) else value
}

private fun fillText(text: String, saved: Map<String, JsonElement>): JsonElement {
    val whole = WHOLE.matchEntire(text)
    if (whole != null) return lookUp(whole.groupValues[1], saved)
    return JsonPrimitive(PART.replace(text) { (lookUp(it.groupValues[1], saved) as JsonPrimitive).content })
}

private fun lookUp(name: String, saved: Map<String, JsonElement>): JsonElement =
    saved[name] ?: error("nothing was saved as $name")

/** The value at a path such as `items.0.id`. */
fun at(value: JsonElement, path: String): JsonElement =
    path.split('.').filter(String::isNotEmpty).fold(value) { place, key ->
        val next = when (place) {
            is JsonObject -> place[key]
            is JsonArray -> key.toIntOrNull()?.let(place::getOrNull)
            is JsonPrimitive -> null
        }
        next ?: error("there is no $path in $value")
    }

/**
 * Where [actual] differs from what is expected, or null. An object may have more keys than expected; an array
 * has the same length, item by item.
 */
fun difference(expected: JsonElement, actual: JsonElement?, path: String = "answer"): String? = when (expected) {
    is JsonArray -> when {
        actual !is JsonArray -> "$path: expected a list, got $actual"
        actual.size != expected.size -> "$path: expected ${expected.size} items, got ${actual.size}"
        else -> expected.indices.firstNotNullOfOrNull { difference(expected[it], actual[it], "$path.$it") }
    }
    is JsonObject -> when (actual) {
        is JsonObject -> expected.firstNotNullOfOrNull { (key, item) -> difference(item, actual[key], "$path.$key") }
        else -> "$path: expected an object, got $actual"
    }
    is JsonPrimitive -> when {
        actual is JsonPrimitive && plain(expected) == plain(actual) -> null
        else -> "$path: expected $expected, got $actual"
    }
}

/** A text, a number, a truth value or null as Kotlin's own. */
fun plain(value: JsonElement): Any? = when {
    value is JsonNull -> null
    value !is JsonPrimitive -> error("not a plain value: $value")
    value.isString -> value.content
    else -> value.booleanOrNull ?: BigDecimal(value.content).stripTrailingZeros()
}
