// What this binding itself owes, beyond the scenario: nonsense is answered, handles end, failures have names.
// They run in order on the device as the scenario left it, signed in.

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

class Check(val name: String, val run: suspend (Device) -> Unit)

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
    Check("nonsense is answered with bad_request") { device ->
        for (request in NONSENSE) {
            same("bad_request", errorCode(Json.parseToJsonElement(device.core.rpc(request))), request.take(60))
        }
    },
    Check("a new subscription is told of every topic") { device ->
        val listening = Listening(device)
        Topic.entries.forEach { topic -> listening.until(topic, 0u) }
        listening.stop()
    },
    Check("a stopped subscription hears nothing more, another one does") { device ->
        val stopped = Listening(device)
        val live = Listening(device)
        live.until(Topic.SYNC, 0u)
        stopped.stop()
        stopped.stop()
        val told = live.last(Topic.SYNC)
        // Two changes: whatever was under way while stopping is over when the second one is told.
        device.call("network.hint", online(false))
        val offline = live.until(Topic.SYNC, told)
        device.call("network.hint", online(true))
        val version = live.until(Topic.SYNC, offline)
        live.stop()
        check(stopped.last(Topic.SYNC) < version) { "the stopped subscription was told of version $version" }
    },
    Check("a listener that throws does not stop the core") { device ->
        val thrower = device.core.subscribe(object : Listener {
            override fun onEvent(topic: Topic, version: ULong) = error("a broken screen")
        })
        check("ok" in device.call("network.hint", online(false)))
        check("ok" in device.call("network.hint", online(true)))
        thrower.stop()
    },
    Check("a cancelled call stops the waiting, not the core") { device ->
        coroutineScope {
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { device.call("sync.now", NOTHING) }
            waiting.cancelAndJoin()
        }
        check("ok" in device.call("session.status", NOTHING))
    },
    Check("a closed core answers core_restarted, and closing twice is harmless") { device ->
        device.core.shutdown()
        device.core.shutdown()
        same("core_restarted", errorCode(device.call("session.status", NOTHING)), "after closing")
        val released = device.core
        device.close()
        check(runCatching { released.rpc("{}") }.exceptionOrNull() is IllegalStateException)
    },
    Check("another store key is refused as WrongKey, and the data stays") { device ->
        refused<OpenFailure.WrongKey>(device.config.copy(storeKey = ByteArray(16) { 9 }))
        device.open()
        val user = at(device.call("session.status", NOTHING), "ok.user.id")
        check((user as JsonPrimitive).isString) { "still signed in" }
        device.close()
    },
    Check("a configuration that cannot be used is refused as BadConfig") { device ->
        refused<OpenFailure.BadConfig>(device.config.copy(storeKey = ByteArray(15)))
        refused<OpenFailure.BadConfig>(device.config.copy(app = "burner"))
        refused<OpenFailure.BadConfig>(device.config.copy(gatewayUrl = "http://gateway.example"))
    },
)

private fun online(online: Boolean): JsonElement = JsonObject(mapOf("online" to JsonPrimitive(online)))

private fun errorCode(answer: JsonElement): Any? = plain(at(answer, "error.code"))

private fun same(expected: Any?, actual: Any?, about: String) =
    check(expected == actual) { "$about: expected $expected, got $actual" }

private suspend inline fun <reified F : OpenFailure> refused(config: CoreConfig) {
    val failure = runCatching { ShenhaiCore.open(config).close() }.exceptionOrNull()
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
