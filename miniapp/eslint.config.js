// The rules of the front end beyond the type checker's. Run by `npm run check`.

import ts from "typescript-eslint";
import vue from "eslint-plugin-vue";

/** One module asks the machine for the time; everybody else asks it or, for the time that is shown, `state/clock.ts`. */
const CLOCK = "ask ui/src/stopwatch.ts or ui/src/state/clock.ts";
const CLOCKS = {
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: CLOCK },
    { object: "performance", property: "now", message: CLOCK },
    { object: "performance", property: "timeOrigin", message: CLOCK },
  ],
  "no-restricted-syntax": [
    "error",
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CLOCK },
    { selector: "CallExpression[callee.name='Date']", message: CLOCK },
    { selector: "MemberExpression[property.name='timeStamp']", message: CLOCK },
  ],
};

export default ts.config(
  { ignores: ["dist/**", "ui/src/core/gen/**", "ui/src/core/wasm/**", "**/pkg/**"] },
  ...ts.configs.recommended,
  ...vue.configs["flat/recommended"],
  {
    files: ["**/*.vue"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-console": ["error", { allow: ["warn", "error"] }],
      "vue/multi-word-component-names": "off",
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/no-v-html": "error",
      ...CLOCKS,
    },
  },
  {
    files: ["ui/src/stopwatch.ts"],
    rules: { "no-restricted-properties": "off" },
  },
);
