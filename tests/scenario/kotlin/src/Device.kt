// One core of the scenario: where its data lies, how to open it again, what it told.

package shenhai.scenario

import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import kotlin.time.Duration
import kotlin.time.TimeSource
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import shenhai.core.CoreConfig
import shenhai.core.EventSubscription
import shenhai.core.Listener
import shenhai.core.SecretStore
import shenhai.core.ShenhaiCore
import shenhai.core.Topic

/** A sample device has no key store; what it keeps is synthetic, and lives as long as this program. */
class SampleSecrets(private val storeKey: ByteArray) : SecretStore {
    private val kept = ConcurrentHashMap<String, ByteArray>()

    override fun storeKey(): ByteArray = storeKey

    override fun keep(name: String, value: ByteArray?) {
        if (value == null) kept.remove(name) else kept[name] = value
    }

    override fun kept(name: String): ByteArray? = kept[name]

    /** The same secrets under another key. */
    fun under(other: ByteArray) = SampleSecrets(other).also { it.kept.putAll(kept) }
}

class Device(gateway: String, app: String, directory: Path) {
    val config = CoreConfig(
        gatewayUrl = gateway,
        app = app,
        deviceName = "Kotlin 样例设备",
        directory = directory.toString(),
    )
    val secrets = SampleSecrets("scenario-store-k".toByteArray())
    private val changed = Channel<Unit>(Channel.CONFLATED)
    private var opened: ShenhaiCore? = null
    private var subscription: EventSubscription? = null
    val core: ShenhaiCore get() = opened ?: error("the core is not open")

    suspend fun open() {
        val core = ShenhaiCore.open(config, secrets)
        opened = core
        subscription = core.subscribe(object : Listener {
            override fun onEvent(topic: Topic, version: ULong) {
                changed.trySend(Unit)
            }
        })
    }

    /** End the work and release the handles. */
    suspend fun close() {
        subscription?.close()
        subscription = null
        opened?.let {
            it.shutdown()
            it.close()
        }
        opened = null
    }

    /** One request of the waist; answers `{"ok"}` or `{"error"}`. */
    suspend fun call(method: String, params: JsonElement): JsonObject {
        val request = JsonObject(mapOf("method" to JsonPrimitive(method), "params" to params))
        return Json.parseToJsonElement(core.rpc(request.toString())) as JsonObject
    }

    /** The same call after each event of the core until nothing is [missing] in the answer. */
    suspend fun until(
        method: String,
        params: JsonElement,
        within: Duration,
        missing: (JsonElement) -> String?,
    ): JsonElement {
        val deadline = TimeSource.Monotonic.markNow() + within
        while (true) {
            val outcome = call(method, params)
            val answer = outcome["ok"]
            val short = if (answer == null) "an error" else missing(answer) ?: return answer
            withTimeoutOrNull(-deadline.elapsedNow()) { changed.receive() }
                ?: error("not in $within: $short\ngot: $outcome")
        }
    }
}
