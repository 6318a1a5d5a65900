// What this binding itself owes, beyond the scenario: nonsense is answered, handles end, failures have names.
// They run in order on the phone as the scenario left it, signed out.

package shenhai.scenario

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import shenhai.core.CoreConfig
import shenhai.core.Listener
import shenhai.core.OpenFailure
import shenhai.core.ShenhaiCore
import shenhai.core.Topic

class Check(val name: String, val run: suspend (Device, Stack) -> Unit)

private val NONSENSE = listOf(
    "",
    "{",
    "null",
    "[]",
    "\"orders.list\"",
    """{"method":"orders.burn","params":{}}""",
    """{"method":"orders.get"}""",
    """{"method":"orders.get","params":{"id":7}}""",
    """{"method":"session.status","params":{"extra":1}}""",
    "[".repeat(100_000),
)

private val NOTHING = JsonObject(emptyMap())

val bindingChecks = listOf(
    Check("nonsense is answered with bad_request") { device, _ ->
        for (request in NONSENSE) {
            same("bad_request", errorCode(Json.parseToJsonElement(device.core.rpc(request))), request.take(60))
        }
    },
    Check("a new subscription is told of every topic") { device, _ ->
        val listening = Listening(device)
        Topic.entries.forEach { topic -> listening.until(topic, 0u) }
        listening.stop()
    },
    Check("a stopped subscription hears nothing more, another one does") { device, stack ->
        val stopped = Listening(device)
        val live = Listening(device)
        val told = live.until(Topic.SESSION, 0u)
        stopped.stop()
        stopped.stop()
        // Two changes: whatever was under way while stopping is over when the second one is told.
        signIn(device, stack)
        val signedIn = live.until(Topic.SESSION, told)
        device.call("session.sign_out", NOTHING)
        val version = live.until(Topic.SESSION, signedIn)
        live.stop()
        check(stopped.last(Topic.SESSION) < version) { "the stopped subscription was told of version $version" }
    },
    Check("a listener that throws stops neither the core nor the others") { device, stack ->
        val throws = device.core.subscribe(object : Listener {
            override fun onEvent(topic: Topic, version: ULong) = error("a broken screen")
        })
        val live = Listening(device)
        val told = live.until(Topic.SESSION, 0u)
        signIn(device, stack)
        live.until(Topic.SESSION, told)
        device.call("session.sign_out", NOTHING)
        live.stop()
        throws.stop()
    },
    Check("a cancelled call stops the waiting, not the core") { device, _ ->
        coroutineScope {
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { device.call("sync.now", NOTHING) }
            waiting.cancelAndJoin()
        }
        check("ok" in device.call("session.status", NOTHING))
    },
    Check("a closed core answers core_restarted, and closing twice is harmless") { device, _ ->
        device.core.shutdown()
        device.core.shutdown()
        same("core_restarted", errorCode(device.call("session.status", NOTHING)), "after closing")
        val released = device.core
        device.close()
        check(runCatching { released.rpc("{}") }.exceptionOrNull() is IllegalStateException)
    },
    Check("another store key is refused as WrongKey, and the data stays") { device, _ ->
        device.open()
        val before = deviceId(device)
        device.close()
        refused<OpenFailure.WrongKey>(device.config, device.secrets.under(ByteArray(16) { 9 }))
        refused<OpenFailure.Secrets>(device.config, device.secrets.under(ByteArray(15)))
        device.open()
        same(before, deviceId(device), "the device's own id")
        device.close()
    },
    Check("a configuration that cannot be used is refused as BadConfig") { device, _ ->
        refused<OpenFailure.BadConfig>(device.config.copy(app = "burner"), device.secrets)
        refused<OpenFailure.BadConfig>(device.config.copy(gatewayUrl = "http://gateway.example"), device.secrets)
    },
)

private suspend fun signIn(device: Device, stack: Stack) {
    val redirect = JsonPrimitive(stack.gateway + "/hotline/")
    val begun = device.call("session.begin", JsonObject(mapOf("redirect_uri" to redirect)))
    val user = JsonObject(mapOf("user" to JsonPrimitive("h-310101-1")))
    val code = at(ask("POST", stack.city + "/admin/login-code", user), "/code")
    val params = JsonObject(mapOf("code" to code, "state" to at(begun, "/ok/state")))
    val status = device.call("session.sign_in", params)
    same("h-310101-1", plain(at(status, "/ok/user/id")), "signing in")
}

private fun errorCode(answer: JsonElement): Any? = plain(at(answer, "/error/code"))

private suspend fun deviceId(device: Device): Any? =
    plain(at(device.call("session.status", NOTHING), "/ok/device_id"))

private fun same(expected: Any?, actual: Any?, about: String) =
    check(expected == actual) { "$about: expected $expected, got $actual" }

private suspend inline fun <reified F : OpenFailure> refused(config: CoreConfig, secrets: SampleSecrets) {
    val failure = runCatching { ShenhaiCore.open(config, secrets).close() }.exceptionOrNull()
    check(failure is F) { "expected ${F::class.simpleName}, got $failure" }
}

/** A subscription with memory: the last version heard per topic, and waiting for a later one. */
private class Listening(device: Device) {
    private val heard = MutableStateFlow<Map<Topic, ULong>>(emptyMap())
    private val subscription = device.core.subscribe(object : Listener {
        override fun onEvent(topic: Topic, version: ULong) = heard.update { it + (topic to version) }
    })

    fun last(topic: Topic): ULong = heard.value[topic] ?: 0u

    suspend fun until(topic: Topic, after: ULong): ULong =
        withTimeout(10_000) { heard.first { (it[topic] ?: 0u) > after } }.getValue(topic)

    fun stop() = subscription.stop()
}
