// Looking into JSON values: filling in what was saved, following a pointer, comparing. No I/O.

/** `value` with every `${name}` in its texts replaced; a text that is nothing else takes the value itself. */
export function fill(value, saved) {
  if (typeof value === 'string') {
    const whole = /^\$\{([^}]+)\}$/.exec(value)
    if (whole) return lookUp(whole[1], saved)
    return value.replace(/\$\{([^}]+)\}/g, (_, name) => inText(lookUp(name, saved)))
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, saved))
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, saved)]))
  }
  return value
}

function lookUp(name, saved) {
  if (!saved.has(name)) throw new Error(`nothing was saved as ${name}`)
  return saved.get(name)
}

function inText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The value at a JSON pointer (RFC 6901) such as `/items/0/id`. */
export function at(value, pointer) {
  const keys = pointer.split('/').slice(1)
  return keys.reduce((place, key) => {
    const next = place?.[key.replaceAll('~1', '/').replaceAll('~0', '~')]
    if (next === undefined) throw new Error(`no ${pointer} in ${JSON.stringify(value)}`)
    return next
  }, value)
}

/**
 * Where and how `got` falls short of `expected`, or null. Objects: every expected field (`null` also matches a
 * missing one). Lists: same length, item by item. `{"$contains": x}`: a list with an item that matches.
 * `{"$present": true}`: anything but null. Everything else: equal.
 */
export function mismatch(expected, got, path = '') {
  if (isObject(expected)) {
    if ('$present' in expected) return (got ?? null) === null ? short(path, 'something', got) : null
    if ('$contains' in expected) {
      const wanted = expected.$contains
      const found = Array.isArray(got) && got.some((item) => mismatch(wanted, item) === null)
      return found ? null : short(path, `an item like ${JSON.stringify(wanted)}`, got)
    }
    if (!isObject(got)) return short(path, JSON.stringify(expected), got)
    return first(Object.entries(expected), ([key, item]) => mismatch(item, got[key], `${path}/${key}`))
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length) return short(path, JSON.stringify(expected), got)
    return first([...expected.entries()], ([index, item]) => mismatch(item, got[index], `${path}/${index}`))
  }
  return expected === (got ?? null) ? null : short(path, JSON.stringify(expected), got)
}

function short(path, expected, got) {
  return `${path}: expected ${expected}, got ${JSON.stringify(got)}`
}

function first(items, look) {
  for (const item of items) {
    const found = look(item)
    if (found !== null) return found
  }
  return null
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
