// The step language of thread.json (tests/scenario/README.md), carried out through the Kotlin binding.

package shenhai.scenario

import java.net.URLEncoder
import java.nio.file.Path
import java.time.Instant
import java.time.ZoneOffset
import java.time.format.DateTimeFormatter
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.TimeSource
import kotlinx.coroutines.delay
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

/** The emulators give no events: feedback is asked for this often. */
private val FEEDBACK_PAUSE = 50.milliseconds

private val ANYTHING = JsonObject(emptyMap())

/** How the platforms write an instant, in Shanghai's time. */
private val SHANGHAI = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneOffset.ofHours(8))

class Scenario(private val stack: Stack, private val directory: Path, vars: Map<String, JsonElement>) {
    private val saved = startingValues(stack).apply { putAll(vars) }
    val cores = LinkedHashMap<String, Device>()

    /** Carry out one step; throws what was expected and what came. */
    suspend fun run(step: JsonObject) {
        when (val kind = step.text("do")) {
            "city.push_order" -> pushOrder(step)
            "city.login_code" -> loginCode(step)
            "city.until_feedback" -> untilFeedback(step)
            "open" -> open(step)
            "reopen" -> core(step).run { close(); open() }
            "rpc" -> rpc(step)
            "until" -> until(step)
            "link" -> control("/link", step, "up")
            "drop_replies" -> control("/drop-replies", step, "count")
            "restart_gateway" -> control("/restart-gateway", step)
            else -> error("there is no step $kind")
        }
    }

    suspend fun close() = cores.values.forEach { it.close() }

    private fun pushOrder(step: JsonObject) {
        val body = JsonObject(mapOf("channel" to step.getValue("channel"), "order" to filled(step, "order")))
        settle(ask("POST", stack.city + "/admin/push-order", body), step)
    }

    private fun loginCode(step: JsonObject) {
        settle(ask("POST", stack.city + "/admin/login-code", step.only("user")), step)
    }

    private suspend fun untilFeedback(step: JsonObject) {
        val expected = filled(step, "expect")
        val orderNo = URLEncoder.encode(filled(step, "order_no").jsonPrimitive.content, Charsets.UTF_8)
        val within = step.within()
        val deadline = TimeSource.Monotonic.markNow() + within
        while (true) {
            val feedback = ask("GET", stack.city + "/admin/feedback?order_no=" + orderNo)
            val missing = mismatch(expected, feedback) ?: return
            check(deadline.hasNotPassedNow()) { "not in $within: $missing\ngot: $feedback" }
            delay(FEEDBACK_PAUSE)
        }
    }

    private suspend fun open(step: JsonObject) {
        val name = step.text("core")
        val device = Device(stack.gateway, step.text("app"), directory.resolve(name))
        device.open()
        cores[name] = device
    }

    private suspend fun rpc(step: JsonObject) {
        val outcome = core(step).call(step.text("method"), filled(step, "params"))
        val expectError = step["expect_error"].takeUnless { it is JsonNull }
        val part = if (expectError == null) "ok" else "error"
        val answer = outcome[part] ?: error("expected $part, got $outcome")
        settle(answer, step, expectError ?: step["expect"] ?: ANYTHING)
    }

    private suspend fun until(step: JsonObject) {
        val expected = filled(step, "expect")
        val answer = core(step).until(step.text("method"), filled(step, "params"), step.within()) {
            mismatch(expected, it)
        }
        settle(answer, step)
    }

    private fun control(path: String, step: JsonObject, vararg names: String) {
        settle(ask("POST", stack.control + path, step.only(*names)), step)
    }

    private fun core(step: JsonObject): Device =
        step.text("core").let { cores[it] ?: error("core $it is not open") }

    private fun filled(step: JsonObject, name: String): JsonElement = fill(step.getValue(name), saved)

    /** Compare and keep. */
    private fun settle(answer: JsonElement, step: JsonObject, expect: JsonElement = step["expect"] ?: ANYTHING) {
        val missing = mismatch(fill(expect, saved), answer)
        check(missing == null) { "$missing\ngot: $answer" }
        val save = step["save"] as? JsonObject ?: return
        save.forEach { (name, pointer) -> saved[name] = at(answer, pointer.jsonPrimitive.content) }
    }
}

private fun startingValues(stack: Stack): MutableMap<String, JsonElement> {
    val now = System.currentTimeMillis()
    return mutableMapOf(
        "run" to JsonPrimitive(now.toString()),
        "now" to JsonPrimitive(now),
        "accept_time" to JsonPrimitive(SHANGHAI.format(Instant.ofEpochMilli(now - 3_600_000))),
        "gateway" to JsonPrimitive(stack.gateway),
    )
}

private fun JsonObject.within(): Duration = getValue("within_ms").jsonPrimitive.long.milliseconds

private fun JsonObject.only(vararg names: String) = JsonObject(names.associateWith { getValue(it) })
