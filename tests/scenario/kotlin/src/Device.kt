// One device of the scenario: a core, where its data lies and how to open it again.

package shenhai.scenario

import java.nio.file.Path
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import shenhai.core.CoreConfig
import shenhai.core.ShenhaiCore

class Device(gateway: String, directory: Path) {
    val config = CoreConfig(
        gatewayUrl = gateway,
        app = "hotline",
        deviceName = "Kotlin 场景设备",
        directory = directory.toString(),
        storeKey = ByteArray(16) { 7 },
    )
    private var opened: ShenhaiCore? = null
    val core: ShenhaiCore get() = opened ?: error("the device is closed")

    suspend fun open() {
        opened = ShenhaiCore.open(config)
    }

    /** End the work and release the handle. */
    suspend fun close() {
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
}
